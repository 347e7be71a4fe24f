-- Counted at each reading of /metrics.
create index run_by_status on runs (kind, status);
