-- A version that a person made of another snapshot than the one that the training published by itself. One training still
-- publishes one version (training_id is unique), and so does each of its snapshots.
alter table versions add column snapshot_of text references runs (id)
  check (snapshot_of is null or (training_id is null and weights_sha256 is not null));
alter table versions add column snapshot_step integer check ((snapshot_step is null) = (snapshot_of is null));
create unique index version_of_snapshot on versions (snapshot_of, snapshot_step) where snapshot_of is not null;
