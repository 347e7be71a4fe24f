-- A version of DreamBooth's kind is no addition to its base but stands in the base's place: a process holds one or the other.
alter table versions add column replaces_base integer not null default 0
  check (replaces_base in (0, 1) and (replaces_base = 0 or weights_sha256 is not null));
