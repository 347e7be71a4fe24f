-- Weights in other programs' formats, made once and kept as blobs: what they were made of is their key. They can be made
-- again, so space may be freed of them; error is the relative error of a LoRA that was made smaller.
create table exports (
  key text primary key check (length(key) = 64),
  weights_sha256 text not null check (length(weights_sha256) = 64),
  name text not null,
  sha256 text not null check (length(sha256) = 64),
  size integer not null check (size > 0),
  error real check (error is null or error >= 0),
  created_at text not null,
  used_at text not null
);
create index export_of_weights on exports (weights_sha256);
