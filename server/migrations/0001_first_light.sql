-- Times are ISO 8601 in UTC; a lease ends at milliseconds since 1970. JSON stands in text columns.

create table accounts (
  name text primary key,
  created_at text not null
);

-- An API token is kept as its SHA-256 only.
create table tokens (
  hash text primary key check (length(hash) = 64),
  account text not null references accounts (name),
  created_at text not null
);

-- Secrets that this installation made for itself, such as the key that signs links.
create table secrets (
  name text primary key,
  value text not null
);

create table models (
  id text primary key,
  owner text not null references accounts (name),
  name text not null,
  description text,
  visibility text not null check (visibility in ('public', 'private')),
  hardware text not null,
  github_url text,
  paper_url text,
  license_url text,
  cover_image_url text,
  created_at text not null,
  unique (owner, name)
);

-- A version is immutable. A trained one pins its weights by hash; training_id unique: one training, one version.
create table versions (
  id text primary key check (length(id) = 64),
  model_id text not null references models (id),
  program text not null,
  base text,
  parent_id text references versions (id),
  schema text not null,
  card text,
  weights_sha256 text check (weights_sha256 is null or length(weights_sha256) = 64),
  weights_size integer,
  training_id text unique references runs (id),
  created_at text not null,
  check ((weights_sha256 is null) = (weights_size is null)),
  check (training_id is null or weights_sha256 is not null)
);
create index version_newest_first on versions (model_id, created_at desc);

create table files (
  id text primary key,
  account text not null references accounts (name),
  name text not null,
  content_type text not null,
  size integer not null check (size >= 0),
  sha256 text not null check (length(sha256) = 64),
  md5 text not null check (length(md5) = 32),
  metadata text not null,
  created_at text not null,
  expires_at text not null
);
create index file_newest_first on files (account, created_at desc);

-- A run is a prediction or a training; the row is the queue ('starting' is queued). The checks are the state machine's invariants.
create table runs (
  id text primary key,
  account text not null references accounts (name),
  kind text not null check (kind in ('prediction', 'training')),
  status text not null check (status in ('starting', 'processing', 'succeeded', 'failed', 'canceled')),
  version_id text not null references versions (id),
  version_asked text not null,
  model_asked text not null,
  destination_id text references models (id),
  input text not null,
  files text not null,
  source text not null check (source in ('api', 'web')),
  inline_output integer not null check (inline_output in (0, 1)),
  output text,
  error text,
  error_code text,
  seconds real,
  attempt integer not null default 0 check (attempt >= 0),
  process_id text references processes (id),
  lease_ends_at integer,
  cancel_asked_at text,
  keep_asked_at text,
  create_hash text not null,
  answered_at text,
  created_at text not null,
  started_at text,
  completed_at text,
  check ((kind = 'training') = (destination_id is not null)),
  check ((status = 'processing') = (lease_ends_at is not null)),
  check ((status = 'processing') = (process_id is not null)),
  check ((status in ('succeeded', 'failed', 'canceled')) = (completed_at is not null)),
  check ((status = 'failed') = (error is not null)),
  check (status in ('starting', 'canceled', 'failed') or (attempt > 0 and started_at is not null)),
  check (status <> 'succeeded' or output is not null)
);
create index run_waiting on runs (created_at) where status = 'starting';
create index run_processing on runs (lease_ends_at) where status = 'processing';
create index run_newest_first on runs (account, kind, created_at desc, id desc);
create index run_unanswered on runs (create_hash) where answered_at is null;

create trigger run_terminal_is_final before update of status on runs
when old.status in ('succeeded', 'failed', 'canceled') and new.status <> old.status
begin
  select raise(abort, 'a run that has ended keeps its status');
end;

-- One try of a run by one model process.
create table attempts (
  run_id text not null references runs (id),
  number integer not null check (number > 0),
  process_id text not null references processes (id),
  state_path text,
  state_step integer,
  started_at text not null,
  ended_at text,
  outcome text check (outcome in ('succeeded', 'failed', 'canceled', 'lost')),
  primary key (run_id, number),
  check ((ended_at is null) = (outcome is null)),
  check ((state_path is null) = (state_step is null))
) without rowid;

-- number counts over the whole run; seq is the model process's own count in its attempt. Attempt 0 is the server speaking.
create table events (
  run_id text not null references runs (id),
  number integer not null check (number > 0),
  attempt integer not null check (attempt >= 0),
  seq integer not null check (seq > 0),
  type text not null,
  at text not null,
  body text not null,
  primary key (run_id, number),
  unique (run_id, attempt, seq)
) without rowid;
create index event_log on events (run_id, number) where type = 'log';

-- birth tells one process from another that later got the same pid.
create table processes (
  id text primary key,
  pid integer,
  birth text,
  program text not null,
  base text,
  weights_sha256 text,
  device text not null,
  started_at text not null,
  ended_at text
);
create index process_alive on processes (started_at) where ended_at is null;
