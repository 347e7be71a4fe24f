-- What a version of somebody's own folder says that it runs on; Easel's own models say it in the code.
alter table versions add column needs text check (needs is null or needs in ('cpu', 'gpu'));
