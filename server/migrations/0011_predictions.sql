-- What a prediction's outputs are sent as, piece by piece, to whoever opens its stream; null where there is none to open.
alter table runs add column stream text check (stream is null or (stream in ('text', 'files') and kind = 'prediction'));

-- When it is canceled if it has not ended by then.
alter table runs add column deadline text;
create index run_deadline on runs (deadline) where deadline is not null and completed_at is null and cancel_asked_at is null;

-- When its inputs, outputs and log were removed.
alter table runs add column data_removed_at text check (data_removed_at is null or completed_at is not null);
create index run_removable on runs (completed_at) where kind = 'prediction' and data_removed_at is null;

-- What a client called a create by, so that the same one again is known for a day; the run's create_hash tells what was
-- asked.
create table idempotency_keys (
  account text not null references accounts (name),
  key text not null,
  run_id text not null references runs (id),
  created_at text not null,
  primary key (account, key)
) without rowid;
create index idempotency_key_oldest_first on idempotency_keys (created_at);
