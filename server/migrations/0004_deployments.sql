-- A deployment is a name under which one version is kept ready. Each change is a new release; the newest one counts.
create table deployments (
  id text primary key,
  owner text not null references accounts (name),
  name text not null,
  created_at text not null,
  unique (owner, name)
);

create table releases (
  deployment_id text not null references deployments (id) on delete cascade,
  number integer not null check (number > 0),
  version_id text not null references versions (id),
  model_asked text not null,
  version_asked text not null,
  hardware text not null,
  min_instances integer not null check (min_instances between 0 and 5),
  max_instances integer not null check (max_instances between 0 and 20),
  released_by text not null references accounts (name),
  released_at text not null,
  primary key (deployment_id, number),
  check (min_instances <= max_instances)
) without rowid;
create index release_of_version on releases (version_id);

create view current_releases as
select deployments.*, number, version_id, model_asked, version_asked, hardware, min_instances, max_instances,
  released_by, released_at
from deployments join releases on deployment_id = deployments.id
where number = (select max(number) from releases where deployment_id = deployments.id);

-- owner/name of the deployment that was asked: text, because it may be deleted before its predictions are forgotten.
alter table runs add column deployment text check (deployment is null or kind = 'prediction');
create index run_unfinished_of_deployment on runs (deployment) where deployment is not null and completed_at is null;
