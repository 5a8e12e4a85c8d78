--liquibase formatted sql

--changeset nightshift:audit-1
create schema audit;
grant usage on schema audit to ${app_role};

-- Append-only for the application: it may neither change nor delete an entry.
create table audit.entry (
    id         uuid primary key,
    project_id uuid references fleet.project (id),
    at         timestamptz not null default now(),
    who        text not null,
    who_kind   text not null,
    address    text,
    action     text not null,
    object     text not null,
    details    jsonb not null default '{}',
    unique (project_id, id)
);
alter table audit.entry enable row level security;
create policy project on audit.entry
    using (project_id is not distinct from (select tenancy.current_project()))
    with check (project_id is not distinct from (select tenancy.current_project()));
grant select, insert on audit.entry to ${app_role};
--rollback drop table audit.entry; drop schema audit;

--changeset nightshift:audit-2 splitStatements:false
-- For the installation's admin alone; the resource layer checks that.
create function audit.all_entries(before_id uuid, who_is text, object_like text, most int)
    returns setof audit.entry
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select * from audit.entry e
     where (before_id is null or e.id < before_id)
       and (who_is is null or e.who = who_is)
       and (object_like is null or position(lower(object_like) in lower(e.object)) > 0)
     order by e.id desc limit least(most, 501)
$$;
revoke execute on function audit.all_entries(uuid, text, text, int) from public;
grant execute on function audit.all_entries(uuid, text, text, int) to ${app_role};
--rollback drop function audit.all_entries(uuid, text, text, int);

--changeset nightshift:audit-3 splitStatements:false
-- For the installation's admin alone; the resource layer checks that. Replaces audit.all_entries, which knew fewer filters.
create function audit.matching_entries(before_id uuid, who_is text, object_like text, action_like text,
                                       at_least timestamptz, at_most timestamptz, most int)
    returns setof audit.entry
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select * from audit.entry e
     where (before_id is null or e.id < before_id)
       and (who_is is null or e.who = who_is)
       and (object_like is null or position(lower(object_like) in lower(e.object)) > 0)
       and (action_like is null or starts_with(e.action, action_like))
       and (at_least is null or e.at >= at_least)
       and (at_most is null or e.at < at_most)
     order by e.id desc limit least(most, 501)
$$;
revoke execute on function audit.matching_entries(uuid, text, text, text, timestamptz, timestamptz, int) from public;
grant execute on function audit.matching_entries(uuid, text, text, text, timestamptz, timestamptz, int) to ${app_role};
drop function audit.all_entries(uuid, text, text, int);
--rollback drop function audit.matching_entries(uuid, text, text, text, timestamptz, timestamptz, int); create function audit.all_entries(before_id uuid, who_is text, object_like text, most int) returns setof audit.entry language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select * from audit.entry e where (before_id is null or e.id < before_id) and (who_is is null or e.who = who_is) and (object_like is null or position(lower(object_like) in lower(e.object)) > 0) order by e.id desc limit least(most, 501) $$; revoke execute on function audit.all_entries(uuid, text, text, int) from public; grant execute on function audit.all_entries(uuid, text, text, int) to ${app_role};

--changeset nightshift:audit-4
-- Who did it is asked for by name, and an erasure looks for every entry of one person.
create index entry_who on audit.entry (who, id);
create index entry_object on audit.entry (object, id);
--rollback drop index audit.entry_who; drop index audit.entry_object;

--changeset nightshift:audit-5 splitStatements:false
-- The one change that an entry may see: an erased person's name, address and whom their OpenID provider knows them as give
-- way to a pseudonym. No grant on the table.
create function audit.rename_person(person text, pseudonym text) returns void
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    -- Logins that were refused before they had a name here.
    update audit.entry e set details = e.details - '{name,issuer,subject}'::text[], address = null
     where e.object = 'person unknown'
       and exists (select from audit.entry k
                    where k.object = 'person ' || person
                      and k.details ->> 'subject' = e.details ->> 'subject'
                      and k.details ->> 'issuer' = e.details ->> 'issuer');
    update audit.entry e
       set object = 'person ' || pseudonym, details = e.details - '{name,issuer,subject}'::text[],
           address = case when e.who = 'unknown' then null else e.address end
     where e.object = 'person ' || person;
    update audit.entry e set who = pseudonym, address = null where e.who = person and e.who_kind = 'PERSON';
$$;
revoke execute on function audit.rename_person(text, text) from public;
grant execute on function audit.rename_person(text, text) to ${app_role};
--rollback drop function audit.rename_person(text, text);

--changeset nightshift:audit-6 splitStatements:false rollbackSplitStatements:false
-- Forgets the oldest entries of the transaction's project, or of the installation; none that is younger than 90 days, whoever
-- asks: the trail of what somebody did last month cannot be wiped.
create function audit.forget(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project uuid := tenancy.current_project();
    latest timestamptz := least(before, now() - interval '90 days');
    forgotten bigint;
begin
    -- Two statements, because an index answers "= project" and "is null", but not "is not distinct from".
    if project is null then
        delete from audit.entry e
         where e.id in (select o.id from audit.entry o where o.project_id is null and o.at < latest order by o.at limit most);
    else
        delete from audit.entry e
         where e.id in (select o.id from audit.entry o where o.project_id = project and o.at < latest order by o.at limit most);
    end if;
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;
revoke execute on function audit.forget(timestamptz, int) from public;
grant execute on function audit.forget(timestamptz, int) to ${app_role};
create index entry_project_at on audit.entry (project_id, at);
--rollback drop index audit.entry_project_at; drop function audit.forget(timestamptz, int);
