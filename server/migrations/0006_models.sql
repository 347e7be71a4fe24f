-- Deleted models and versions stay as rows, because runs name them; a deleted model's name is free again.
create table new_models (
  id text primary key,
  owner text not null references accounts (name),
  name text not null,
  description text,
  visibility text not null check (visibility in ('public', 'private')),
  hardware text not null,
  github_url text,
  paper_url text,
  license_url text,
  weights_url text,
  cover_image_url text,
  readme text,
  created_at text not null,
  deleted_at text
);
insert into new_models (id, owner, name, description, visibility, hardware, github_url, paper_url, license_url, cover_image_url, created_at)
select id, owner, name, description, visibility, hardware, github_url, paper_url, license_url, cover_image_url, created_at from models;
drop table models;
alter table new_models rename to models;
create unique index model_name on models (owner, name) where deleted_at is null;

-- The weights of a deleted version are no longer needed by anybody.
alter table versions add column deleted_at text;

-- Predictions that a model's owner shows to whoever sees the model; the one marked last is its default example.
create table examples (
  model_id text not null references models (id),
  run_id text not null references runs (id),
  marked_at text not null,
  primary key (model_id, run_id)
) without rowid;
create index example_newest_first on examples (model_id, marked_at desc);

-- A secret that was replaced is good for a while beside its successor.
alter table secrets add column previous text;
alter table secrets add column previous_ends_at text check ((previous is null) = (previous_ends_at is null));
create index run_of_version on runs (version_id);
