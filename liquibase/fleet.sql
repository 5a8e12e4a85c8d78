--liquibase formatted sql

--changeset nightshift:fleet-1
create table fleet.instance (
    id                   uuid primary key,
    project_id           uuid not null references fleet.project (id),
    name                 text not null check (name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
    host                 text not null check (length(host) between 1 and 255),
    port                 int not null check (port between 1 and 65535),
    username             text not null check (length(username) between 1 and 63),
    password_sealed      text,
    password_file        text,
    tls_mode             text not null check (tls_mode in ('disable', 'prefer', 'require', 'verify-ca', 'verify-full')),
    root_certificate     text,
    maintenance_database text not null default 'postgres',
    server_version       text,
    system_identifier    text,
    tags                 text[] not null default '{}',
    proof_days           int not null default 7 check (proof_days between 0 and 366),
    created_at           timestamptz not null default now(),
    deleted_at           timestamptz,
    unique (project_id, id),
    check (password_sealed is null or password_file is null)
);
create unique index instance_name on fleet.instance (project_id, name) where deleted_at is null;
create index on fleet.instance (system_identifier) where deleted_at is null;

create table fleet.database (
    id                     uuid primary key,
    project_id             uuid not null,
    instance_id            uuid not null,
    name                   text not null check (name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
    dbname                 text not null check (length(dbname) between 1 and 63),
    tags                   text[] not null default '{}',
    vacuum_dead_percent    int not null default 20 check (vacuum_dead_percent between 1 and 100),
    vacuum_changed_percent int not null default 10 check (vacuum_changed_percent between 1 and 100),
    vacuum_floor_rows      bigint not null default 1000 check (vacuum_floor_rows >= 0),
    size_bytes             bigint,
    last_check             jsonb,
    created_at             timestamptz not null default now(),
    deleted_at             timestamptz,
    unique (project_id, id),
    foreign key (project_id, instance_id) references fleet.instance (project_id, id)
);
create unique index database_name on fleet.database (project_id, name) where deleted_at is null;
create unique index database_dbname on fleet.database (project_id, instance_id, dbname) where deleted_at is null;

alter table fleet.instance enable row level security;
create policy project on fleet.instance
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
alter table fleet.database enable row level security;
create policy project on fleet.database
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update on fleet.instance, fleet.database to ${app_role};
--rollback drop table fleet.database; drop table fleet.instance;

--changeset nightshift:fleet-2 splitStatements:false
-- A physical backup holds the whole server, so one server never belongs to two projects. Answers true when the
-- identifier is now the caller's own instance's, false when another project holds it.
create function fleet.claim_system_identifier(instance uuid, identifier text) returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('nightshift system ' || identifier, 0));
    if exists (select from fleet.instance i
                where i.system_identifier = identifier and i.deleted_at is null
                  and i.project_id is distinct from tenancy.current_project()) then
        return false;
    end if;
    update fleet.instance i set system_identifier = identifier
     where i.id = instance and i.project_id = tenancy.current_project();
    return found;
end $$;
revoke execute on function fleet.claim_system_identifier(uuid, text) from public;
grant execute on function fleet.claim_system_identifier(uuid, text) to ${app_role};
--rollback drop function fleet.claim_system_identifier(uuid, text);

--changeset nightshift:fleet-3 splitStatements:false
-- Whose server an address is, for the metrics' labels: names and addresses of every project, no secret.
create function fleet.addresses()
    returns table (project text, instance text, host text, port int, username text, dbname text, database text)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.name, i.name, i.host, i.port, i.username, d.dbname, d.name
      from fleet.instance i
      join fleet.project p on p.id = i.project_id and p.deleted_at is null
      left join fleet.database d on d.project_id = i.project_id and d.instance_id = i.id and d.deleted_at is null
     where i.deleted_at is null
$$;
revoke execute on function fleet.addresses() from public;
grant execute on function fleet.addresses() to ${app_role};
--rollback drop function fleet.addresses();

--changeset nightshift:fleet-4 splitStatements:false rollbackSplitStatements:false
-- A deleted project holds its servers for as long as it can be restored.
create or replace function fleet.claim_system_identifier(instance uuid, identifier text) returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('nightshift system ' || identifier, 0));
    if exists (select from fleet.instance i join fleet.project p on p.id = i.project_id
                where i.system_identifier = identifier and i.deleted_at is null
                  and (p.deleted_at is null or p.deleted_at > now() - interval '30 days')
                  and i.project_id is distinct from tenancy.current_project()) then
        return false;
    end if;
    update fleet.instance i set system_identifier = identifier
     where i.id = instance and i.project_id = tenancy.current_project();
    return found;
end $$;
--rollback create or replace function fleet.claim_system_identifier(instance uuid, identifier text) returns boolean language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$ begin perform pg_advisory_xact_lock(hashtextextended('nightshift system ' || identifier, 0)); if exists (select from fleet.instance i where i.system_identifier = identifier and i.deleted_at is null and i.project_id is distinct from tenancy.current_project()) then return false; end if; update fleet.instance i set system_identifier = identifier where i.id = instance and i.project_id = tenancy.current_project(); return found; end $$;

--changeset nightshift:fleet-5
-- Logins that are not stored here: the names of a variable, of a client certificate and of its key.
alter table fleet.instance
    add column password_variable text
        check (password_variable ~ '^NIGHTSHIFT_CREDENTIAL_[A-Z0-9_]{1,63}$'),
    add column client_certificate text,
    add column client_key text,
    add constraint instance_one_password check (num_nonnulls(password_sealed, password_file, password_variable) <= 1),
    add constraint instance_certificate_and_key check ((client_certificate is null) = (client_key is null));
--rollback alter table fleet.instance drop constraint instance_one_password, drop constraint instance_certificate_and_key, drop column password_variable, drop column client_certificate, drop column client_key;

--changeset nightshift:fleet-6
-- When work that loads a database may be done: what the clock on the wall shows, on the days on which it opens.
create table fleet.maintenance_window (
    id         uuid primary key,
    project_id uuid not null references fleet.project (id),
    name       text not null check (name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
    days       text[] not null check (cardinality(days) between 1 and 7 and array_position(days, null) is null),
    starts     time not null,
    ends       time not null,
    zone       text not null,
    databases  text[] not null default '{}' check (array_position(databases, null) is null),
    created_at timestamptz not null default now(),
    unique (project_id, id),
    unique (project_id, name)
);
alter table fleet.maintenance_window enable row level security;
create policy project on fleet.maintenance_window
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
grant select, insert, update, delete on fleet.maintenance_window to ${app_role};
--rollback drop table fleet.maintenance_window;

--changeset nightshift:fleet-7 splitStatements:false rollbackSplitStatements:false
-- Further servers of an instance's cluster, as people enter them: host:port, [IPv6]:port, or without a port, which is the
-- instance's then.
alter table fleet.instance
    add column members text[] not null default '{}'
        check (cardinality(members) <= 7 and array_position(members, null) is null);

-- Every server of an instance has breakers and pools of its own, and a name that is kept out of a support bundle.
create or replace function fleet.addresses()
    returns table (project text, instance text, host text, port int, username text, dbname text, database text)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.name, i.name, m.host, m.port, i.username, d.dbname, d.name
      from fleet.instance i
      join fleet.project p on p.id = i.project_id and p.deleted_at is null
      cross join lateral (
          select i.host, i.port
          union all
          select trim(both '[]' from regexp_replace(member, ':[0-9]{1,5}$', '')),
                 coalesce(substring(member from ':([0-9]{1,5})$')::int, i.port)
            from unnest(i.members) as member) as m (host, port)
      left join fleet.database d on d.project_id = i.project_id and d.instance_id = i.id and d.deleted_at is null
     where i.deleted_at is null
$$;
--rollback create or replace function fleet.addresses() returns table (project text, instance text, host text, port int, username text, dbname text, database text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select p.name, i.name, i.host, i.port, i.username, d.dbname, d.name from fleet.instance i join fleet.project p on p.id = i.project_id and p.deleted_at is null left join fleet.database d on d.project_id = i.project_id and d.instance_id = i.id and d.deleted_at is null where i.deleted_at is null $$; alter table fleet.instance drop column members;
