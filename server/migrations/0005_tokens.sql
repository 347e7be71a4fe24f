-- API tokens with a name, an end, and what they may do. Until now there were only the one of EASEL_TOKEN, which is not
-- kept any more, and that of the data folder, which the next start puts back: none needs to be taken along.
drop table tokens;

-- A token is kept as its SHA-256 only; start is its first characters, by which its owner knows it again.
-- A revoked one stays, so that the token of the data folder is not taken up again.
create table tokens (
  id text primary key,
  hash text not null unique check (length(hash) = 64),
  account text not null references accounts (name),
  name text not null check (name <> ''),
  access text not null check (access in ('read', 'write')),
  start text not null check (length(start) < 12),
  created_at text not null,
  expires_at text,
  last_used_at text,
  revoked_at text
);
create index token_newest_first on tokens (account, created_at desc, id desc) where revoked_at is null;
