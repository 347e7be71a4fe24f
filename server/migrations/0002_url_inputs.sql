-- URLs among a run's inputs that are still to be fetched, as JSON by input name. A run with some waits for its files
-- before it can wait for a model process.
alter table runs add column fetches text;
create index run_fetching on runs (created_at) where fetches is not null;
