-- A wish for a training state now; empty again once one is reported.
alter table runs add column state_asked_at text check (state_asked_at is null or kind = 'training');
