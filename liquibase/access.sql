--liquibase formatted sql

--changeset nightshift:access-1
create schema access;
grant usage on schema access to ${app_role};

-- Installation tables: people, their sessions and their failed logins belong to no project.
create table access.person (
    id                 uuid primary key,
    name               text not null unique check (name ~ '^[a-z][a-z0-9._-]{0,62}$'),
    display_name       text not null check (length(display_name) between 1 and 200),
    password_hash      text not null,
    installation_admin boolean not null default false,
    disabled           boolean not null default false,
    created_at         timestamptz not null default now(),
    last_login         timestamptz
);
grant select, insert, update on access.person to ${app_role};

create table access.session (
    token_hash bytea primary key,
    id         uuid not null unique,
    person_id  uuid not null references access.person (id),
    address    text not null,
    created_at timestamptz not null default now(),
    last_seen  timestamptz not null default now(),
    expires_at timestamptz not null
);
create index on access.session (person_id);
create index on access.session (expires_at);
grant select, insert, update, delete on access.session to ${app_role};

create table access.login_failure (
    id      bigint generated always as identity primary key,
    account text not null,
    address text not null,
    at      timestamptz not null default now()
);
create index on access.login_failure (account, at);
create index on access.login_failure (address, at);
grant select, insert, delete on access.login_failure to ${app_role};
--rollback drop table access.login_failure; drop table access.session; drop table access.person; drop schema access;

--changeset nightshift:access-2
create table access.membership (
    project_id uuid not null references fleet.project (id),
    person_id  uuid not null references access.person (id),
    role       text not null check (role in ('VIEWER', 'OPERATOR', 'ADMIN')),
    created_at timestamptz not null default now(),
    primary key (project_id, person_id)
);
alter table access.membership enable row level security;
create policy project on access.membership
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update, delete on access.membership to ${app_role};

-- A key of a project is seen only in it, a key of the installation only outside of every project.
create table access.api_key (
    id                 uuid primary key,
    project_id         uuid references fleet.project (id),
    name               text not null check (length(name) between 1 and 100),
    key_hash           bytea not null unique,
    prefix             text not null,
    role               text check (role in ('VIEWER', 'OPERATOR', 'ADMIN')),
    installation_admin boolean not null default false,
    created_by         text not null,
    created_at         timestamptz not null default now(),
    expires_at         timestamptz,
    last_used          timestamptz,
    revoked_at         timestamptz,
    unique (project_id, id),
    check (installation_admin = (project_id is null) and (role is null) = (project_id is null))
);
alter table access.api_key enable row level security;
create policy project on access.api_key
    using (project_id is not distinct from (select tenancy.current_project()))
    with check (project_id is not distinct from (select tenancy.current_project()));
grant select, insert, update on access.api_key to ${app_role};
--rollback drop table access.api_key; drop table access.membership;

--changeset nightshift:access-3 splitStatements:false
-- Login happens before a project is known: these answer for all projects, and only what login needs.
create function access.key_by_hash(hash bytea)
    returns table (id uuid, name text, project_id uuid, role text, installation_admin boolean)
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    update access.api_key k set last_used = now()
     where k.key_hash = hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
    returning k.id, k.name, k.project_id, k.role, k.installation_admin
$$;

create function access.roles_of(person uuid)
    returns table (project_id uuid, role text)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$ select m.project_id, m.role from access.membership m where m.person_id = person $$;

revoke execute on function access.key_by_hash(bytea), access.roles_of(uuid) from public;
grant execute on function access.key_by_hash(bytea), access.roles_of(uuid) to ${app_role};
--rollback drop function access.key_by_hash(bytea); drop function access.roles_of(uuid);

--changeset nightshift:access-4
-- What the browser called itself at the login, so that people tell their sessions apart.
alter table access.session add agent text check (length(agent) <= 300);
--rollback alter table access.session drop agent;

--changeset nightshift:access-5 splitStatements:false
-- Noting each use of a busy script's key would be a write per request; to the minute is enough to see whether it is used.
create or replace function access.key_by_hash(hash bytea)
    returns table (id uuid, name text, project_id uuid, role text, installation_admin boolean)
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    update access.api_key k set last_used = now()
     where k.key_hash = hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
       and (k.last_used is null or k.last_used < now() - interval '1 minute');
    select k.id, k.name, k.project_id, k.role, k.installation_admin
      from access.api_key k
     where k.key_hash = hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
$$;
--rollback create or replace function access.key_by_hash(hash bytea) returns table (id uuid, name text, project_id uuid, role text, installation_admin boolean) language sql volatile security definer set search_path = pg_catalog, pg_temp as $$ update access.api_key k set last_used = now() where k.key_hash = hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) returning k.id, k.name, k.project_id, k.role, k.installation_admin $$;

--changeset nightshift:access-6
-- Who comes by OpenID Connect is known by issuer and subject, and has no password.
alter table access.person
    alter column password_hash drop not null,
    add column issuer text,
    add column subject text check (length(subject) between 1 and 255),
    add column admin_by_groups boolean not null default false,
    add constraint person_openid_key unique (issuer, subject),
    add constraint person_openid_or_password
        check ((issuer is null) = (subject is null) and (password_hash is null) = (issuer is not null)),
    add constraint person_admin_by_groups check (installation_admin or not admin_by_groups);

-- What the provider's groups gave follows them; what a person gave stays.
alter table access.membership add column by_groups boolean not null default false;
--rollback alter table access.membership drop column by_groups;
--rollback alter table access.person drop constraint person_openid_or_password, drop constraint person_admin_by_groups;
--rollback update access.person set password_hash = 'none', disabled = true where password_hash is null;
--rollback alter table access.person drop column issuer, drop column subject, drop column admin_by_groups, alter column password_hash set not null;

--changeset nightshift:access-7 splitStatements:false
-- A login by OpenID Connect asks before a project is known which memberships groups gave; it changes each within its project.
create function access.memberships_of(person uuid)
    returns table (project_id uuid, role text, by_groups boolean)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$ select m.project_id, m.role, m.by_groups from access.membership m where m.person_id = person $$;

revoke execute on function access.memberships_of(uuid) from public;
grant execute on function access.memberships_of(uuid) to ${app_role};
--rollback drop function access.memberships_of(uuid);

--changeset nightshift:access-8
-- An erased person's row stays, under a pseudonym, for what still points at it.
alter table access.person add column erased_at timestamptz;
--rollback alter table access.person drop column erased_at;

--changeset nightshift:access-9 splitStatements:false
-- Crosses the projects that the person was a member of, and the keys that they made.
create function access.erase_person(person uuid, pseudonym text) returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    was text;
begin
    select p.name into was from access.person p where p.id = person;
    delete from access.membership m where m.person_id = person;
    update access.api_key k set created_by = pseudonym where k.created_by = was;
    update access.person p
       set name = pseudonym, display_name = 'Erased', password_hash = 'erased', issuer = null, subject = null,
           installation_admin = false, admin_by_groups = false, disabled = true, last_login = null, erased_at = now()
     where p.id = person;
end $$;
revoke execute on function access.erase_person(uuid, text) from public;
grant execute on function access.erase_person(uuid, text) to ${app_role};
--rollback drop function access.erase_person(uuid, text);

--changeset nightshift:access-10 splitStatements:false
-- The keys that a person made, of all projects: for the export of what is kept of them.
create function access.keys_of_person(person text, most int)
    returns table (project text, name text, prefix text, created_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select p.name, k.name, k.prefix, k.created_at
      from access.api_key k left join fleet.project p on p.id = k.project_id
     where k.created_by = person
     order by k.id desc limit most
$$;
revoke execute on function access.keys_of_person(text, int) from public;
grant execute on function access.keys_of_person(text, int) to ${app_role};
--rollback drop function access.keys_of_person(text, int);

--changeset nightshift:access-11
-- Keys for archive_command and restore_command: they open archived log and nothing else. People have no such role.
alter table access.api_key drop constraint api_key_role_check;
alter table access.api_key add constraint api_key_role_check
    check (role in ('LOG_READER', 'LOG_SHIPPER', 'VIEWER', 'OPERATOR', 'ADMIN'));
--rollback update access.api_key set revoked_at = coalesce(revoked_at, now()), role = 'VIEWER' where role in ('LOG_READER', 'LOG_SHIPPER');
--rollback alter table access.api_key drop constraint api_key_role_check;
--rollback alter table access.api_key add constraint api_key_role_check check (role in ('VIEWER', 'OPERATOR', 'ADMIN'));

--changeset nightshift:access-13 splitStatements:false rollbackSplitStatements:false
-- Whose key it is: the person who made it, also by way of another key of theirs. Keys of before are theirs whose name they say, unless
-- a key of that name could have made them; what is nobody's opens what it did, and counts as no person.
alter table access.api_key add column person_id uuid references access.person (id);
update access.api_key k set person_id = p.id
  from access.person p
 where p.name = k.created_by and not exists (select from access.api_key other where other.name = k.created_by);

create function access.person_of_key(key uuid) returns uuid
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$ select k.person_id from access.api_key k where k.id = key $$;

-- Since when a login is what it is: whoever makes somebody, or takes somebody's login over, is not a second person at once.
alter table access.person add column settled_at timestamptz not null default now();
update access.person set settled_at = created_at;
alter table access.membership add column role_since timestamptz not null default now();
update access.membership set role_since = created_at;

create function access.settle_person() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    new.settled_at := now();
    return new;
end $$;
create trigger settle before update on access.person for each row
    when (old.password_hash is distinct from new.password_hash or old.issuer is distinct from new.issuer
          or old.subject is distinct from new.subject or old.disabled and not new.disabled
          or new.installation_admin and not old.installation_admin)
    execute function access.settle_person();

create function access.settle_role() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    new.role_since := now();
    return new;
end $$;
create trigger settle before update on access.membership for each row
    when (old.role is distinct from new.role)
    execute function access.settle_role();

-- Who may do everything in a project, and since when they are who they are there.
create function access.admins_of(project uuid)
    returns table (id uuid, name text, installation_admin boolean, settled_at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.id, p.name, p.installation_admin,
           case when p.installation_admin then p.settled_at else greatest(p.settled_at, m.role_since) end
      from access.person p
      left join access.membership m on m.person_id = p.id and m.project_id = project and m.role = 'ADMIN'
     where not p.disabled and p.erased_at is null and (p.installation_admin or m.person_id is not null)
     order by p.name
$$;

revoke execute on function access.person_of_key(uuid), access.admins_of(uuid), access.settle_person(), access.settle_role() from public;
grant execute on function access.person_of_key(uuid), access.admins_of(uuid) to ${app_role};
--rollback drop function access.admins_of(uuid); drop trigger settle on access.membership; drop trigger settle on access.person;
--rollback drop function access.settle_role(); drop function access.settle_person(); drop function access.person_of_key(uuid);
--rollback alter table access.membership drop column role_since; alter table access.person drop column settled_at; alter table access.api_key drop column person_id;
