-- Where a run's owner wants to be told of it, of what (a JSON list; null: of all), and what URLs in the messages begin with.
alter table runs add column webhook text;
alter table runs add column webhook_events text check (webhook_events is null or webhook is not null);
alter table runs add column webhook_origin text check ((webhook is null) = (webhook_origin is null));

-- The outbox, and then the log of what became of it. A start or completed message is written out in the transaction of
-- the transition that it tells of; output and logs are written out when they are sent, and sent once.
-- Only a completed message is sent again; its id stays the same. Attempts are times in milliseconds since 1970.
create table webhook_deliveries (
  number integer primary key autoincrement,
  id text not null unique check (length(id) > 4 and substr(id, 1, 4) = 'msg_'),
  run_id text not null references runs (id),
  event text not null check (event in ('start', 'output', 'logs', 'completed')),
  url text not null,
  host text not null,
  body text,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0 check (attempts >= 0),
  next_attempt_at integer,
  last_attempt_at integer,
  last_status integer,
  last_error text,
  last_reply text,
  last_ms integer,
  delivered_at text,
  created_at text not null,
  check ((event in ('start', 'completed')) = (body is not null)),
  check ((state = 'waiting') = (next_attempt_at is not null)),
  check ((state = 'delivered') = (delivered_at is not null)),
  check (state = 'waiting' or attempts > 0)
);
-- One message of output and one of logs wait at a time: it will tell of all that has come until it is sent.
create unique index webhook_unsent on webhook_deliveries (run_id, event)
  where state = 'waiting' and attempts = 0 and event in ('output', 'logs');
create index webhook_due on webhook_deliveries (next_attempt_at) where state = 'waiting';
create index webhook_waiting on webhook_deliveries (run_id, number) where state = 'waiting';
create index webhook_of_run on webhook_deliveries (run_id, event, last_attempt_at);
