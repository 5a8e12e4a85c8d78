--liquibase formatted sql

--changeset nightshift:backup-1
create schema backup;
grant usage on schema backup to ${app_role};

-- The catalogue of what the stores hold; the stores describe themselves, this can be rebuilt from them.
create table backup.backup (
    id                uuid primary key,
    project_id        uuid not null references fleet.project (id),
    instance_id       uuid not null,
    run_id            uuid not null,
    kind              text not null check (kind in ('FULL')),
    state             text not null check (state in ('COMPLETE', 'DAMAGED')),
    parent_id         uuid,
    store             text not null,
    location          text not null,
    databases         text[] not null,
    taken_at          timestamptz not null,
    ended_at          timestamptz not null,
    server_version    text not null,
    size_bytes        bigint not null,
    stored_bytes      bigint not null,
    start_lsn         pg_lsn not null,
    stop_lsn          pg_lsn not null,
    recovery_lsn      pg_lsn not null,
    timeline          int not null,
    system_identifier text not null,
    checksums         boolean not null,
    checksum_failures bigint not null,
    tablespaces       int not null,
    key_id            text not null,
    deleted_at        timestamptz,
    unique (project_id, id),
    foreign key (project_id, instance_id) references fleet.instance (project_id, id),
    foreign key (project_id, parent_id) references backup.backup (project_id, id)
);
create index on backup.backup (project_id, instance_id, id);

-- Every attempt to prove a backup; the newest one is what the screens show.
create table backup.proof (
    id          uuid primary key,
    project_id  uuid not null,
    backup_id   uuid not null,
    run_id      uuid,
    at          timestamptz not null,
    level       int not null check (level between -1 and 4),
    outcome     text not null check (outcome in ('PASSED', 'FAILED', 'NOT_POSSIBLE')),
    rto_millis  bigint,
    reason      text,
    ladder      jsonb not null,
    not_checked jsonb not null default '[]',
    unique (project_id, id),
    foreign key (project_id, backup_id) references backup.backup (project_id, id)
);
create index on backup.proof (project_id, backup_id, id);

alter table backup.backup enable row level security;
create policy project on backup.backup
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
alter table backup.proof enable row level security;
create policy project on backup.proof
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update on backup.backup to ${app_role};
grant select, insert on backup.proof to ${app_role};
--rollback drop table backup.proof; drop table backup.backup; drop schema backup;

--changeset nightshift:backup-2 splitStatements:false
-- When an instance was last proven restorable; null if it is not. One place for every screen, finding and figure: a proof
-- at Restored or more that did not fail, of a backup that neither failed since, nor did a newer one.
create function backup.proven_at(project uuid, instance uuid) returns timestamptz
    language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    select f.at
      from backup.proof f join backup.backup b on b.project_id = f.project_id and b.id = f.backup_id
     where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null
       and f.level >= 3 and f.outcome <> 'FAILED'
       and not exists (select from backup.proof g join backup.backup c on c.project_id = g.project_id and c.id = g.backup_id
                        where c.project_id = $1 and c.instance_id = $2 and c.deleted_at is null
                          and g.outcome = 'FAILED' and g.id > f.id and c.id >= b.id)
     order by f.id desc limit 1
$$;
revoke execute on function backup.proven_at(uuid, uuid) from public;
grant execute on function backup.proven_at(uuid, uuid) to ${app_role};

-- For the metrics: ages and sizes of every project's newest backups, no secret. A damaged backup is no newest good one.
create function backup.figures()
    returns table (project text, database text, backup_age_seconds double precision, proof_age_seconds double precision,
                   stored_bytes bigint, proof_level int, proof_failed boolean)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.name, d.name,
           extract(epoch from now() - newest.taken_at)::double precision,
           extract(epoch from now() - backup.proven_at(d.project_id, d.instance_id))::double precision,
           newest.stored_bytes, last.level, last.outcome = 'FAILED'
      from fleet.database d
      join fleet.project p on p.id = d.project_id and p.deleted_at is null
      left join lateral (select b.* from backup.backup b
                          where b.project_id = d.project_id and b.instance_id = d.instance_id and b.deleted_at is null
                            and b.state = 'COMPLETE'
                          order by b.id desc limit 1) newest on true
      left join lateral (select f.level, f.outcome
                           from backup.proof f join backup.backup b on b.project_id = f.project_id and b.id = f.backup_id
                          where b.project_id = d.project_id and b.instance_id = d.instance_id and b.deleted_at is null
                          order by f.id desc limit 1) last on true
     where d.deleted_at is null
$$;
revoke execute on function backup.figures() from public;
grant execute on function backup.figures() to ${app_role};
--rollback drop function backup.figures(); drop function backup.proven_at(uuid, uuid);

--changeset nightshift:backup-3 splitStatements:false
-- For the sweep of the stores: which of these backups no run works on any more although the catalogue does not know them.
create function backup.ended_attempts(backups uuid[])
    returns table (backup_id uuid, project_id uuid, instance_id uuid, run_id uuid, database_names text[])
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select u.id, t.project_id, t.instance_id, t.run_id, t.database_names
      from unnest(backups) u (id)
      join job.target t on t.checkpoint ->> 'backup' = u.id::text
      join job.run r on r.id = t.run_id and r.job = 'backup'
     where r.status not in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')
       and not exists (select from backup.backup b where b.id = u.id)
$$;
revoke execute on function backup.ended_attempts(uuid[]) from public;
grant execute on function backup.ended_attempts(uuid[]) to ${app_role};
--rollback drop function backup.ended_attempts(uuid[]);

--changeset nightshift:backup-4 splitStatements:false
-- For the watch over the proofs' age: every instance of all projects, with the policy 0 where no proof is expected. Physical
-- backups begin with PostgreSQL 15. With no proof the age is that of the registration.
create function backup.proof_ages()
    returns table (project_id uuid, instance_id uuid, instance text, policy_days int, proven_at timestamptz,
                   taken_at timestamptz, age interval)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select i.project_id, i.id, i.name,
           case when i.deleted_at is not null or substring(i.server_version from '^\d+')::int < 15 then 0
                else i.proof_days end,
           proven.at, newest.taken_at, now() - coalesce(proven.at, i.created_at)
      from fleet.instance i
      join fleet.project p on p.id = i.project_id and p.deleted_at is null
      left join lateral (select b.taken_at from backup.backup b
                          where b.project_id = i.project_id and b.instance_id = i.id and b.deleted_at is null
                            and b.state = 'COMPLETE'
                          order by b.id desc limit 1) newest on true
      cross join lateral (select backup.proven_at(i.project_id, i.id) as at) proven
$$;
revoke execute on function backup.proof_ages() from public;
grant execute on function backup.proof_ages() to ${app_role};
--rollback drop function backup.proof_ages();

--changeset nightshift:backup-5 splitStatements:false rollbackSplitStatements:false
-- Forgets, of the transaction's project, the catalogue's lines about backups that are no more, with their proofs.
create function backup.forget_deleted(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project uuid := tenancy.current_project();
    backups uuid[];
begin
    select array_agg(old.id) into backups
      from (select b.id from backup.backup b
             where b.project_id = project and b.deleted_at < least(before, now() - interval '7 days')
               and not exists (select from backup.backup c where c.project_id = project and c.parent_id = b.id)
             order by b.deleted_at limit most) old;
    delete from backup.proof f where f.project_id = project and f.backup_id = any (backups);
    delete from backup.backup b where b.project_id = project and b.id = any (backups);
    return coalesce(cardinality(backups), 0);
end $$;
revoke execute on function backup.forget_deleted(timestamptz, int) from public;
grant execute on function backup.forget_deleted(timestamptz, int) to ${app_role};
create index backup_parent on backup.backup (project_id, parent_id) where parent_id is not null;
--rollback drop index backup.backup_parent; drop function backup.forget_deleted(timestamptz, int);

--changeset nightshift:backup-6 splitStatements:false rollbackSplitStatements:false
-- Backups that hold changes only. The chain is kept with each of them, the full one first and itself last: it never changes.
alter table backup.backup drop constraint backup_kind_check;
alter table backup.backup add constraint backup_kind_check check (kind in ('FULL', 'INCREMENTAL', 'DIFFERENTIAL'));
alter table backup.backup add column full_because text;
alter table backup.backup add column chain uuid[];
update backup.backup set chain = array[id];
alter table backup.backup alter column chain set not null;
alter table backup.backup add constraint backup_chain_check check (
    cardinality(chain) > 0 and (kind = 'FULL') = (parent_id is null) and chain[cardinality(chain)] = id
    and (kind <> 'DIFFERENTIAL' or cardinality(chain) = 2)
    and (parent_id is null and cardinality(chain) = 1 or chain[cardinality(chain) - 1] = parent_id));
create index backup_chain on backup.backup (project_id, (chain[1]));

-- What a kept backup needs is never deleted, whoever deletes: looked at when the statement is done, so that a whole chain can
-- go at once. A backup that is entered holds its parent's row, so that neither can pass the other unseen.
create function backup.keep_parents() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    child uuid;
begin
    if new.deleted_at is null then
        return null;
    end if;
    select c.id into child from backup.backup c
     where c.project_id = new.project_id and c.parent_id = new.id and c.deleted_at is null limit 1;
    if child is not null then
        raise exception 'backup % cannot be deleted: backup % needs it', new.id, child
            using errcode = 'foreign_key_violation', hint = 'Delete the backups that need it first, or together with it.';
    end if;
    return null;
end $$;
create trigger keep_parents after update of deleted_at on backup.backup
    for each row execute function backup.keep_parents();

create function backup.need_parent() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    before uuid[] := '{}';
begin
    if new.parent_id is not null then
        select p.chain into before from backup.backup p
         where p.project_id = new.project_id and p.id = new.parent_id and p.instance_id = new.instance_id
           and p.deleted_at is null
           for share;
        if not found then
            raise exception 'backup % needs backup %, which is not kept', new.id, new.parent_id
                using errcode = 'foreign_key_violation';
        end if;
    end if;
    new.chain := before || new.id;
    return new;
end $$;
create trigger need_parent before insert on backup.backup
    for each row execute function backup.need_parent();
--rollback drop trigger need_parent on backup.backup; drop function backup.need_parent();
--rollback drop trigger keep_parents on backup.backup; drop function backup.keep_parents();
--rollback drop index backup.backup_chain;
--rollback alter table backup.backup drop constraint backup_chain_check, drop constraint backup_kind_check,
--rollback     drop column chain, drop column full_because;
--rollback alter table backup.backup add constraint backup_kind_check check (kind in ('FULL'));

--changeset nightshift:backup-30 splitStatements:false rollbackSplitStatements:false
-- Archives of servers' logs. An archive is of one cluster and lies in one folder of a store under one data key.
create table backup.wal_archive (
    id                uuid primary key,
    project_id        uuid not null,
    instance_id       uuid not null,
    system_identifier text not null,
    segment_bytes     int not null check (segment_bytes between 1048576 and 1073741824),
    store             text not null,
    location          text not null,
    key_id            text not null,
    created_at        timestamptz not null default now(),
    ended_because     text,
    unique (project_id, id),
    foreign key (project_id, instance_id) references fleet.instance (project_id, id)
);
create index wal_archive_instance on backup.wal_archive (project_id, instance_id, id);

-- Log that is stored without a gap, the newest of an archive growing. What the store holds is decided by its own objects: this
-- is what screens show and where archiving goes on.
create table backup.wal_stretch (
    id         bigint generated always as identity primary key,
    project_id uuid not null,
    archive_id uuid not null,
    timeline   int not null check (timeline > 0),
    from_lsn   pg_lsn not null,
    to_lsn     pg_lsn not null check (to_lsn >= from_lsn),
    objects    bigint not null default 0,
    bytes      bigint not null default 0,
    begun_at   timestamptz not null default now(),
    covered_to timestamptz,
    gap        text,
    foreign key (project_id, archive_id) references backup.wal_archive (project_id, id)
);
create index wal_stretch_archive on backup.wal_stretch (project_id, archive_id, id);

-- Whether and how the log of an instance is archived, and how that goes.
create table backup.wal_service (
    project_id           uuid not null,
    instance_id          uuid not null,
    enabled              boolean not null,
    piece_seconds        int not null check (piece_seconds between 5 and 3600),
    retained_limit_bytes bigint not null check (retained_limit_bytes >= 67108864),
    give_up              boolean not null,
    rpo_goal_seconds     int not null check (rpo_goal_seconds between 30 and 604800),
    store                text not null,
    slot                 text not null,
    state                text not null default 'OFF'
                         check (state in ('OFF', 'STARTING', 'STREAMING', 'FAILING', 'GIVING_UP', 'GIVEN_UP', 'STOPPING')),
    message              text,
    state_at             timestamptz not null default now(),
    chosen_at            timestamptz not null default now(),
    node_id              uuid,
    archive_id           uuid,
    retained_bytes       bigint,
    slot_status          text,
    looked_at            timestamptz,
    primary key (project_id, instance_id),
    foreign key (project_id, instance_id) references fleet.instance (project_id, id),
    foreign key (project_id, archive_id) references backup.wal_archive (project_id, id)
);

alter table backup.wal_archive enable row level security;
create policy project on backup.wal_archive
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
alter table backup.wal_stretch enable row level security;
create policy project on backup.wal_stretch
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
alter table backup.wal_service enable row level security;
create policy project on backup.wal_service
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update on backup.wal_archive, backup.wal_stretch, backup.wal_service to ${app_role};

-- For the nodes, which share the work: the services of all projects that somebody has to run or to end.
create function backup.wal_services()
    returns table (project_id uuid, instance_id uuid, unseen boolean)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select s.project_id, s.instance_id,
           s.enabled and coalesce(s.looked_at, s.chosen_at) < now() - interval '3 minutes'
      from backup.wal_service s join fleet.project p on p.id = s.project_id
     where p.deleted_at is null and (s.enabled and s.state <> 'GIVEN_UP' or not s.enabled and s.state <> 'OFF')
$$;
revoke execute on function backup.wal_services() from public;
grant execute on function backup.wal_services() to ${app_role};
--rollback drop function backup.wal_services(); drop table backup.wal_service; drop table backup.wal_stretch; drop table backup.wal_archive;

--changeset nightshift:backup-31 splitStatements:false
-- For the metrics: every instance whose log is to be archived.
create function backup.wal_figures()
    returns table (project text, server text, streams boolean, covered_age_seconds double precision, retained_bytes bigint)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.name, i.name, s.state = 'STREAMING', extract(epoch from greatest(now() - newest.covered_to, interval '0')),
           s.retained_bytes
      from backup.wal_service s
      join fleet.project p on p.id = s.project_id and p.deleted_at is null
      join fleet.instance i on i.project_id = s.project_id and i.id = s.instance_id and i.deleted_at is null
      left join lateral (select t.covered_to from backup.wal_stretch t
                          where t.project_id = s.project_id and t.archive_id = s.archive_id
                          order by t.id desc limit 1) newest on true
     where s.enabled
$$;
revoke execute on function backup.wal_figures() from public;
grant execute on function backup.wal_figures() to ${app_role};
--rollback drop function backup.wal_figures();

--changeset nightshift:backup-20 splitStatements:false rollbackSplitStatements:false
-- Stores beside the folder `local`, of the whole installation. What opens them is never kept here: a file or a variable of the
-- machines that Nightshift runs on, by its name. No two are the same place.
create table backup.store (
    name            text primary key check (name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$' and name <> 'local'),
    kind            text not null check (kind in ('FOLDER', 'S3', 'AZBLOB', 'GCS')),
    folder          text not null default '',
    bucket          text not null default '',
    prefix          text not null default '',
    endpoint        text not null default '',
    region          text not null default '',
    account         text not null default '',
    secret_file     text,
    secret_variable text check (secret_variable ~ '^NIGHTSHIFT_CREDENTIAL_[A-Z0-9_]{1,63}$'),
    created_at      timestamptz not null default now(),
    constraint store_one_secret check (num_nonnulls(secret_file, secret_variable) <= 1),
    constraint store_is_somewhere check ((kind = 'FOLDER') = (folder <> '') and (kind = 'FOLDER') = (bucket = '')),
    constraint store_place unique (kind, endpoint, account, bucket, prefix, folder)
);
grant select, insert, update on backup.store to ${app_role};

-- A backup lies in a store that is known: whoever enters one holds the store's row, so that neither can pass a deletion unseen.
create function backup.need_store() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if new.store <> 'local' then
        perform from backup.store s where s.name = new.store for share;
        if not found then
            raise exception 'the store % of % is not known', new.store, new.id using errcode = 'restrict_violation';
        end if;
    end if;
    return new;
end $$;
create trigger need_store before insert on backup.backup
    for each row execute function backup.need_store();
create trigger need_store before insert on backup.wal_archive
    for each row execute function backup.need_store();

-- Deletes a store of whose content nobody would know any more otherwise. Of every project: UNKNOWN, HELD (backups or logs lie in it),
-- USED (a run that is not over puts one there), DELETED.
create function backup.delete_store(store text) returns text
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform from backup.store s where s.name = delete_store.store for update;
    if not found then
        return 'UNKNOWN';
    elsif exists (select from backup.backup b where b.store = delete_store.store and b.deleted_at is null)
       or exists (select from backup.wal_archive a where a.store = delete_store.store)
       or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
        return 'HELD';
    elsif exists (select from job.run r where r.job = 'backup' and r.parameters ->> 'store' = delete_store.store
                     and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
        return 'USED';
    end if;
    delete from backup.store s where s.name = delete_store.store;
    return 'DELETED';
end $$;
revoke execute on function backup.delete_store(text) from public;
grant execute on function backup.delete_store(text) to ${app_role};
create index backup_store on backup.backup (store) where deleted_at is null;
--rollback drop index backup.backup_store; drop function backup.delete_store(text);
--rollback drop trigger need_store on backup.wal_archive; drop trigger need_store on backup.backup; drop function backup.need_store(); drop table backup.store;

--changeset nightshift:backup-32 splitStatements:false rollbackSplitStatements:false
-- A project whose logs are archived stays as one does whose backups are held: its keys open them.
create or replace function fleet.lock_removable(project uuid) returns text
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    project_name text;
begin
    select p.name into project_name from fleet.project p
     where p.id = project and p.deleted_at < now() - interval '30 days' for update skip locked;
    if exists (select from backup.backup b where b.project_id = project and b.deleted_at is null)
       or exists (select from backup.wal_archive a where a.project_id = project) then
        return null;
    end if;
    return project_name;
end $$;
--rollback create or replace function fleet.lock_removable(project uuid) returns text
--rollback     language plpgsql volatile set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback declare
--rollback     project_name text;
--rollback begin
--rollback     select p.name into project_name from fleet.project p
--rollback      where p.id = project and p.deleted_at < now() - interval '30 days' for update skip locked;
--rollback     if exists (select from backup.backup b where b.project_id = project and b.deleted_at is null) then
--rollback         return null;
--rollback     end if;
--rollback     return project_name;
--rollback end $$;

--changeset nightshift:backup-33
-- Backups that somebody wants to stay, and whether the objects of those that were deleted are gone.
alter table backup.backup add column hold_reason text, add column hold_by text, add column hold_at timestamptz,
    add column freed_at timestamptz;
alter table backup.backup add constraint backup_hold_check check (
    (hold_reason is null) = (hold_by is null) and (hold_reason is null) = (hold_at is null));
create index backup_unfreed on backup.backup (project_id, instance_id) where deleted_at is not null and freed_at is null;
grant delete on backup.wal_stretch to ${app_role};
--rollback revoke delete on backup.wal_stretch from ${app_role}; drop index backup.backup_unfreed;
--rollback alter table backup.backup drop constraint backup_hold_check, drop column hold_reason, drop column hold_by,
--rollback     drop column hold_at, drop column freed_at;

--changeset nightshift:backup-34 splitStatements:false rollbackSplitStatements:false
-- The catalogue's line about a deleted backup stays until its objects are gone: nobody else knows where they lie.
create or replace function backup.forget_deleted(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project uuid := tenancy.current_project();
    backups uuid[];
begin
    select array_agg(old.id) into backups
      from (select b.id from backup.backup b
             where b.project_id = project and b.deleted_at < least(before, now() - interval '7 days')
               and b.freed_at is not null
               and not exists (select from backup.backup c where c.project_id = project and c.parent_id = b.id)
             order by b.deleted_at limit most) old;
    delete from backup.proof f where f.project_id = project and f.backup_id = any (backups);
    delete from backup.backup b where b.project_id = project and b.id = any (backups);
    return coalesce(cardinality(backups), 0);
end $$;
--rollback create or replace function backup.forget_deleted(before timestamptz, most int) returns bigint
--rollback     language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback declare
--rollback     project uuid := tenancy.current_project();
--rollback     backups uuid[];
--rollback begin
--rollback     select array_agg(old.id) into backups
--rollback       from (select b.id from backup.backup b
--rollback              where b.project_id = project and b.deleted_at < least(before, now() - interval '7 days')
--rollback                and not exists (select from backup.backup c where c.project_id = project and c.parent_id = b.id)
--rollback              order by b.deleted_at limit most) old;
--rollback     delete from backup.proof f where f.project_id = project and f.backup_id = any (backups);
--rollback     delete from backup.backup b where b.project_id = project and b.id = any (backups);
--rollback     return coalesce(cardinality(backups), 0);
--rollback end $$;

--changeset nightshift:backup-50 splitStatements:false rollbackSplitStatements:false
-- What people want of their backups: goals, and which backups to keep. A goal that is null is none; a part of the rule that is 0
-- leaves it out.
create table backup.policy (
    id             uuid primary key,
    project_id     uuid not null references fleet.project (id),
    name           text not null check (name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
    description    text not null default '',
    databases      text[] not null check (cardinality(databases) > 0),
    rpo_seconds    int check (rpo_seconds > 0),
    rto_seconds    int check (rto_seconds > 0),
    proof_days     int check (proof_days > 0),
    backup_hours   int check (backup_hours > 0),
    keep_days      int not null default 0 check (keep_days >= 0),
    keep_count     int not null default 0 check (keep_count >= 0),
    keep_daily     int not null default 0 check (keep_daily >= 0),
    keep_weekly    int not null default 0 check (keep_weekly >= 0),
    keep_monthly   int not null default 0 check (keep_monthly >= 0),
    keep_yearly    int not null default 0 check (keep_yearly >= 0),
    created_at     timestamptz not null default now(),
    unique (project_id, id),
    constraint policy_name unique (project_id, name)
);
alter table backup.policy enable row level security;
create policy project on backup.policy
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update, delete on backup.policy to ${app_role};

-- For the watch over the goals: projects that have policies, or findings about goals that may be nobody's any more.
create function backup.policy_projects() returns table (project_id uuid)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.id from fleet.project p
     where p.deleted_at is null
       and (exists (select from backup.policy y where y.project_id = p.id)
            or exists (select from finding.finding f where f.project_id = p.id and f.state = 'OPEN'
                                                       and starts_with(f.fingerprint, 'backup.goal.')))
$$;
revoke execute on function backup.policy_projects() from public;
grant execute on function backup.policy_projects() to ${app_role};
--rollback update finding.finding set state = 'CLOSED', closed_at = now()
--rollback  where state = 'OPEN' and starts_with(fingerprint, 'backup.goal.');
--rollback drop function backup.policy_projects(); drop table backup.policy;

--changeset nightshift:backup-45 splitStatements:false rollbackSplitStatements:false
-- Copies of backups in other stores than the one that each was taken to. COPYING is on its way, or what a run left of it; WHOLE
-- has all objects and those of all backups that it needs; FREEING is a leftover that a sweep removes; FREED is gone. One that was
-- whole before has made_at: it is being mended, and never a leftover.
create table backup.copy (
    id           uuid primary key,
    project_id   uuid not null,
    backup_id    uuid not null,
    run_id       uuid not null,
    store        text not null,
    location     text not null,
    state        text not null check (state in ('COPYING', 'WHOLE', 'FREEING', 'FREED')),
    stored_bytes bigint not null default 0 check (stored_bytes >= 0),
    began_at     timestamptz not null default now(),
    made_at      timestamptz,
    verified_at  timestamptz,
    freeing_at   timestamptz,
    freed_at     timestamptz,
    looked_at    timestamptz,
    unique (project_id, id),
    unique (project_id, backup_id, store),
    foreign key (project_id, backup_id) references backup.backup (project_id, id),
    constraint copy_made_check check (state <> 'WHOLE' or made_at is not null and verified_at is not null),
    constraint copy_freed_check check ((state = 'FREED') = (freed_at is not null))
);
create index copy_store on backup.copy (store) where state <> 'FREED';
alter table backup.copy enable row level security;
create policy project on backup.copy
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update on backup.copy to ${app_role};
create trigger need_store before insert or update of state on backup.copy
    for each row when (new.state = 'COPYING') execute function backup.need_store();

-- A proof is of what was read: of the backup in one store.
alter table backup.proof add column store text;
update backup.proof f set store = b.store from backup.backup b where b.project_id = f.project_id and b.id = f.backup_id;
alter table backup.proof alter column store set not null;

-- The highest proof of a backup in a store since the last one that failed there, that one included.
create function backup.standing_proof(project uuid, backup uuid, store text) returns setof backup.proof
    language sql stable set search_path = pg_catalog, pg_temp
as $$
    select f.* from backup.proof f
     where f.project_id = $1 and f.backup_id = $2 and f.store = $3
       and f.id >= coalesce((select g.id from backup.proof g
                              where g.project_id = $1 and g.backup_id = $2 and g.store = $3 and g.outcome = 'FAILED'
                              order by g.id desc limit 1), f.id)
     order by f.level desc, f.id desc limit 1
$$;
revoke execute on function backup.standing_proof(uuid, uuid, text) from public;
grant execute on function backup.standing_proof(uuid, uuid, text) to ${app_role};

-- A proof counts while the backup lies whole in the store that was read, and nothing failed there since. That a newer backup
-- failed counts in any store, unless that one stands proven in another.
create or replace function backup.proven_at(project uuid, instance uuid) returns timestamptz
    language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    with held as (
        select b.id, b.store from backup.backup b
         where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null
        union
        select b.id, c.store
          from backup.backup b join backup.copy c on c.project_id = b.project_id and c.backup_id = b.id and c.state = 'WHOLE'
         where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null),
    standing as (
        select f.id, f.backup_id, f.store, f.at
          from backup.proof f join held h on h.id = f.backup_id and h.store = f.store
         where f.project_id = $1 and f.level >= 3 and f.outcome <> 'FAILED'
           and not exists (select from backup.proof g
                            where g.project_id = $1 and g.backup_id = f.backup_id and g.store = f.store
                              and g.outcome = 'FAILED' and g.id > f.id))
    select s.at from standing s
     where not exists (select from backup.proof g join backup.backup c on c.project_id = g.project_id and c.id = g.backup_id
                        where c.project_id = $1 and c.instance_id = $2 and c.deleted_at is null
                          and g.outcome = 'FAILED' and g.id > s.id and c.id > s.backup_id
                          and not exists (select from standing o where o.backup_id = c.id and o.store <> g.store))
     order by s.id desc limit 1
$$;

-- Of the newest good backup: the best that the newest proof of any store that holds it came to, and whether one of them failed.
create or replace function backup.figures()
    returns table (project text, database text, backup_age_seconds double precision, proof_age_seconds double precision,
                   stored_bytes bigint, proof_level int, proof_failed boolean)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.name, d.name,
           extract(epoch from now() - newest.taken_at)::double precision,
           extract(epoch from now() - backup.proven_at(d.project_id, d.instance_id))::double precision,
           newest.stored_bytes, last.level, last.failed
      from fleet.database d
      join fleet.project p on p.id = d.project_id and p.deleted_at is null
      left join lateral (select b.* from backup.backup b
                          where b.project_id = d.project_id and b.instance_id = d.instance_id and b.deleted_at is null
                            and b.state = 'COMPLETE'
                          order by b.id desc limit 1) newest on true
      left join lateral (select max(f.level) as level, bool_or(f.outcome = 'FAILED') as failed
                           from (select distinct on (f.store) f.level, f.outcome
                                   from backup.proof f
                                  where f.project_id = d.project_id and f.backup_id = newest.id
                                    and (f.store = newest.store
                                         or exists (select from backup.copy c
                                                     where c.project_id = d.project_id and c.backup_id = newest.id
                                                       and c.store = f.store and c.state = 'WHOLE'))
                                  order by f.store, f.id desc) f) last on true
     where d.deleted_at is null
$$;

-- The catalogue's line about a deleted backup stays until its objects are gone from every store.
create or replace function backup.forget_deleted(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project uuid := tenancy.current_project();
    backups uuid[];
begin
    select array_agg(old.id) into backups
      from (select b.id from backup.backup b
             where b.project_id = project and b.deleted_at < least(before, now() - interval '7 days')
               and b.freed_at is not null
               and not exists (select from backup.copy c
                                where c.project_id = project and c.backup_id = b.id and c.state <> 'FREED')
               and not exists (select from backup.backup c where c.project_id = project and c.parent_id = b.id)
             order by b.deleted_at limit most) old;
    delete from backup.proof f where f.project_id = project and f.backup_id = any (backups);
    delete from backup.copy c where c.project_id = project and c.backup_id = any (backups);
    delete from backup.backup b where b.project_id = project and b.id = any (backups);
    return coalesce(cardinality(backups), 0);
end $$;

create or replace function backup.delete_store(store text) returns text
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform from backup.store s where s.name = delete_store.store for update;
    if not found then
        return 'UNKNOWN';
    elsif exists (select from backup.backup b where b.store = delete_store.store and b.deleted_at is null)
       or exists (select from backup.copy c where c.store = delete_store.store and c.state <> 'FREED')
       or exists (select from backup.wal_archive a where a.store = delete_store.store)
       or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
        return 'HELD';
    elsif exists (select from job.run r where r.job in ('backup', 'copy')
                     and (r.parameters ->> 'store' = delete_store.store
                          or delete_store.store = any (regexp_split_to_array(r.parameters ->> 'copies', '[\s,]+')))
                     and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
        return 'USED';
    end if;
    delete from backup.store s where s.name = delete_store.store;
    return 'DELETED';
end $$;

-- For the sweep of a store, of every project: what runs that are over for a day left of copies, what a sweep that died was
-- removing, and once more what is gone for a day: a writer that was thought dead may have sent an object after that. Within the
-- day a restart goes on with what is there. Whoever gets one has an hour to remove it.
create function backup.claim_dead_copies(store text)
    returns table (copy_id uuid, project_id uuid, backup_id uuid, location text, home text, claimed_at timestamptz)
    language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    update backup.copy c
       set state = 'FREEING', freeing_at = now(), freed_at = null,
           looked_at = case when c.state = 'FREED' then now() else c.looked_at end
      from backup.backup b
     where c.store = claim_dead_copies.store and b.project_id = c.project_id and b.id = c.backup_id
       and (c.state = 'FREEING' and (c.made_at is null or c.looked_at is not null)
               and c.freeing_at < now() - interval '1 hour'
            or c.state = 'FREED' and c.looked_at is null
               and c.freed_at between now() - interval '2 days' and now() - interval '1 day'
            or c.state = 'COPYING' and c.made_at is null and c.began_at < now() - interval '1 day'
               and not exists (select from job.run r
                                where r.id = c.run_id
                                  and (r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')
                                       or r.ended_at > now() - interval '1 day')))
    returning c.id, c.project_id, c.backup_id, c.location, b.store, c.freeing_at
$$;
revoke execute on function backup.claim_dead_copies(text) from public;
grant execute on function backup.claim_dead_copies(text) to ${app_role};
--rollback do $$ begin
--rollback     if exists (select from backup.copy where state <> 'FREED') then
--rollback         raise exception 'Copies of backups lie in stores, and nothing would know of them: let them expire, or delete them first.';
--rollback     end if;
--rollback end $$;
--rollback delete from backup.proof f using backup.backup b
--rollback  where b.project_id = f.project_id and b.id = f.backup_id and f.store <> b.store;
--rollback drop function backup.claim_dead_copies(text);
--rollback create or replace function backup.delete_store(store text) returns text
--rollback     language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback begin
--rollback     perform from backup.store s where s.name = delete_store.store for update;
--rollback     if not found then
--rollback         return 'UNKNOWN';
--rollback     elsif exists (select from backup.backup b where b.store = delete_store.store and b.deleted_at is null)
--rollback        or exists (select from backup.wal_archive a where a.store = delete_store.store)
--rollback        or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
--rollback         return 'HELD';
--rollback     elsif exists (select from job.run r where r.job = 'backup' and r.parameters ->> 'store' = delete_store.store
--rollback                      and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
--rollback         return 'USED';
--rollback     end if;
--rollback     delete from backup.store s where s.name = delete_store.store;
--rollback     return 'DELETED';
--rollback end $$;
--rollback create or replace function backup.forget_deleted(before timestamptz, most int) returns bigint
--rollback     language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback declare
--rollback     project uuid := tenancy.current_project();
--rollback     backups uuid[];
--rollback begin
--rollback     select array_agg(old.id) into backups
--rollback       from (select b.id from backup.backup b
--rollback              where b.project_id = project and b.deleted_at < least(before, now() - interval '7 days')
--rollback                and b.freed_at is not null
--rollback                and not exists (select from backup.backup c where c.project_id = project and c.parent_id = b.id)
--rollback              order by b.deleted_at limit most) old;
--rollback     delete from backup.proof f where f.project_id = project and f.backup_id = any (backups);
--rollback     delete from backup.backup b where b.project_id = project and b.id = any (backups);
--rollback     return coalesce(cardinality(backups), 0);
--rollback end $$;
--rollback create or replace function backup.proven_at(project uuid, instance uuid) returns timestamptz
--rollback     language sql stable
--rollback     set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback     select f.at
--rollback       from backup.proof f join backup.backup b on b.project_id = f.project_id and b.id = f.backup_id
--rollback      where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null
--rollback        and f.level >= 3 and f.outcome <> 'FAILED'
--rollback        and not exists (select from backup.proof g join backup.backup c on c.project_id = g.project_id and c.id = g.backup_id
--rollback                         where c.project_id = $1 and c.instance_id = $2 and c.deleted_at is null
--rollback                           and g.outcome = 'FAILED' and g.id > f.id and c.id >= b.id)
--rollback      order by f.id desc limit 1
--rollback $$;
--rollback create or replace function backup.figures()
--rollback     returns table (project text, database text, backup_age_seconds double precision, proof_age_seconds double precision,
--rollback                    stored_bytes bigint, proof_level int, proof_failed boolean)
--rollback     language sql stable security definer
--rollback     set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback     select p.name, d.name,
--rollback            extract(epoch from now() - newest.taken_at)::double precision,
--rollback            extract(epoch from now() - backup.proven_at(d.project_id, d.instance_id))::double precision,
--rollback            newest.stored_bytes, last.level, last.outcome = 'FAILED'
--rollback       from fleet.database d
--rollback       join fleet.project p on p.id = d.project_id and p.deleted_at is null
--rollback       left join lateral (select b.* from backup.backup b
--rollback                           where b.project_id = d.project_id and b.instance_id = d.instance_id and b.deleted_at is null
--rollback                             and b.state = 'COMPLETE'
--rollback                           order by b.id desc limit 1) newest on true
--rollback       left join lateral (select f.level, f.outcome
--rollback                            from backup.proof f join backup.backup b on b.project_id = f.project_id and b.id = f.backup_id
--rollback                           where b.project_id = d.project_id and b.instance_id = d.instance_id and b.deleted_at is null
--rollback                           order by f.id desc limit 1) last on true
--rollback      where d.deleted_at is null
--rollback $$;
--rollback drop function backup.standing_proof(uuid, uuid, text);
--rollback alter table backup.proof drop column store;
--rollback drop table backup.copy;

--changeset nightshift:backup-46 splitStatements:false rollbackSplitStatements:false
-- What drills came to, of backups and of points behind them: also when the backup has gone. What was not measured is null.
create table backup.drill (
    id            uuid primary key,
    project_id    uuid not null,
    instance_id   uuid not null,
    backup_id     uuid not null,
    run_id        uuid,
    store         text not null,
    at            timestamptz not null,
    chosen        text not null check (chosen in ('NAMED', 'NEWEST', 'RANDOM', 'RANDOM_POINT', 'UNKNOWN')),
    point         text,
    level         int not null check (level between -1 and 4),
    outcome       text not null check (outcome in ('PASSED', 'FAILED', 'NOT_POSSIBLE')),
    reason        text,
    rto_millis    bigint check (rto_millis >= 0),
    proven_millis bigint check (proven_millis >= 0),
    unique (project_id, id),
    foreign key (project_id, instance_id) references fleet.instance (project_id, id)
);
create index drill_instance on backup.drill (project_id, instance_id, id);
alter table backup.drill enable row level security;
create policy project on backup.drill
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert on backup.drill to ${app_role};
insert into backup.drill (id, project_id, instance_id, backup_id, run_id, store, at, chosen, level, outcome, reason, rto_millis)
select f.id, f.project_id, b.instance_id, f.backup_id, f.run_id, f.store, f.at, 'UNKNOWN', f.level, f.outcome, f.reason, f.rto_millis
  from backup.proof f join backup.backup b on b.project_id = f.project_id and b.id = f.backup_id;

-- Forgets, of the transaction's project, what is older than runs are kept.
create function backup.forget_drills(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project uuid := tenancy.current_project();
    gone bigint;
begin
    delete from backup.drill d using (
        select o.id from backup.drill o
         where o.project_id = project and o.at < least(before, now() - interval '7 days') order by o.at limit most) old
     where d.id = old.id;
    get diagnostics gone = row_count;
    return gone;
end $$;
revoke execute on function backup.forget_drills(timestamptz, int) from public;
grant execute on function backup.forget_drills(timestamptz, int) to ${app_role};
--rollback drop function backup.forget_drills(timestamptz, int); drop table backup.drill;

--changeset nightshift:backup-40 splitStatements:false rollbackSplitStatements:false
-- Logical backups: of one database each, made by pg_dump. No log is replayed on them, so that nothing that counts on the files of
-- an instance may take one for such. Their positions are where the log was when their snapshot was taken.
alter table backup.backup drop constraint backup_kind_check;
alter table backup.backup add constraint backup_kind_check check (
    kind in ('FULL', 'INCREMENTAL', 'DIFFERENTIAL', 'LOGICAL', 'SCHEMA', 'DATA'));
alter table backup.backup drop constraint backup_chain_check;
alter table backup.backup add constraint backup_chain_check check (
    cardinality(chain) > 0 and (kind in ('INCREMENTAL', 'DIFFERENTIAL')) = (parent_id is not null)
    and chain[cardinality(chain)] = id and (kind <> 'DIFFERENTIAL' or cardinality(chain) = 2)
    and (parent_id is null and cardinality(chain) = 1 or chain[cardinality(chain) - 1] = parent_id));
alter table backup.backup add column physical boolean not null
    generated always as (kind in ('FULL', 'INCREMENTAL', 'DIFFERENTIAL')) stored;
-- What was chosen of the database; without letters for all of it. A part stands in for nothing but the same part.
alter table backup.backup add column selection text not null default '';
alter table backup.backup add constraint backup_logical_check check (
    case when physical then selection = '' else cardinality(databases) = 1 end);
--rollback alter table backup.backup drop constraint backup_logical_check, drop column selection, drop column physical;
--rollback alter table backup.backup drop constraint backup_chain_check;
--rollback alter table backup.backup add constraint backup_chain_check check (
--rollback     cardinality(chain) > 0 and (kind = 'FULL') = (parent_id is null) and chain[cardinality(chain)] = id
--rollback     and (kind <> 'DIFFERENTIAL' or cardinality(chain) = 2)
--rollback     and (parent_id is null and cardinality(chain) = 1 or chain[cardinality(chain) - 1] = parent_id));
--rollback alter table backup.backup drop constraint backup_kind_check;
--rollback alter table backup.backup add constraint backup_kind_check check (kind in ('FULL', 'INCREMENTAL', 'DIFFERENTIAL'));

--changeset nightshift:backup-41 splitStatements:false rollbackSplitStatements:false
-- That an instance can be restored is proven by a physical backup alone: a logical one holds one database of it.
create or replace function backup.proven_at(project uuid, instance uuid) returns timestamptz
    language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    with held as (
        select b.id, b.store from backup.backup b
         where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null and b.physical
        union
        select b.id, c.store
          from backup.backup b join backup.copy c on c.project_id = b.project_id and c.backup_id = b.id and c.state = 'WHOLE'
         where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null and b.physical),
    standing as (
        select f.id, f.backup_id, f.store, f.at
          from backup.proof f join held h on h.id = f.backup_id and h.store = f.store
         where f.project_id = $1 and f.level >= 3 and f.outcome <> 'FAILED'
           and not exists (select from backup.proof g
                            where g.project_id = $1 and g.backup_id = f.backup_id and g.store = f.store
                              and g.outcome = 'FAILED' and g.id > f.id))
    select s.at from standing s
     where not exists (select from backup.proof g join backup.backup c on c.project_id = g.project_id and c.id = g.backup_id
                        where c.project_id = $1 and c.instance_id = $2 and c.deleted_at is null and c.physical
                          and g.outcome = 'FAILED' and g.id > s.id and c.id > s.backup_id
                          and not exists (select from standing o where o.backup_id = c.id and o.store <> g.store))
     order by s.id desc limit 1
$$;
create or replace function backup.figures()
    returns table (project text, database text, backup_age_seconds double precision, proof_age_seconds double precision,
                   stored_bytes bigint, proof_level int, proof_failed boolean)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.name, d.name,
           extract(epoch from now() - newest.taken_at)::double precision,
           extract(epoch from now() - backup.proven_at(d.project_id, d.instance_id))::double precision,
           newest.stored_bytes, last.level, last.failed
      from fleet.database d
      join fleet.project p on p.id = d.project_id and p.deleted_at is null
      left join lateral (select b.* from backup.backup b
                          where b.project_id = d.project_id and b.instance_id = d.instance_id and b.deleted_at is null
                            and b.state = 'COMPLETE' and b.physical
                          order by b.id desc limit 1) newest on true
      left join lateral (select max(f.level) as level, bool_or(f.outcome = 'FAILED') as failed
                           from (select distinct on (f.store) f.level, f.outcome
                                   from backup.proof f
                                  where f.project_id = d.project_id and f.backup_id = newest.id
                                    and (f.store = newest.store
                                         or exists (select from backup.copy c
                                                     where c.project_id = d.project_id and c.backup_id = newest.id
                                                       and c.store = f.store and c.state = 'WHOLE'))
                                  order by f.store, f.id desc) f) last on true
     where d.deleted_at is null
$$;
create or replace function backup.proof_ages()
    returns table (project_id uuid, instance_id uuid, instance text, policy_days int, proven_at timestamptz,
                   taken_at timestamptz, age interval)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select i.project_id, i.id, i.name,
           case when i.deleted_at is not null or substring(i.server_version from '^\d+')::int < 15 then 0
                else i.proof_days end,
           proven.at, newest.taken_at, now() - coalesce(proven.at, i.created_at)
      from fleet.instance i
      join fleet.project p on p.id = i.project_id and p.deleted_at is null
      left join lateral (select b.taken_at from backup.backup b
                          where b.project_id = i.project_id and b.instance_id = i.id and b.deleted_at is null
                            and b.state = 'COMPLETE' and b.physical
                          order by b.id desc limit 1) newest on true
      cross join lateral (select backup.proven_at(i.project_id, i.id) as at) proven
$$;
--rollback do $$ begin
--rollback     if exists (select from backup.backup where not physical) then
--rollback         raise exception 'The catalogue holds logical backups, which an older Nightshift takes for physical ones.';
--rollback     end if;
--rollback end $$;
--rollback create or replace function backup.proven_at(project uuid, instance uuid) returns timestamptz
--rollback     language sql stable
--rollback     set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback     with held as (
--rollback         select b.id, b.store from backup.backup b
--rollback          where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null
--rollback         union
--rollback         select b.id, c.store
--rollback           from backup.backup b join backup.copy c on c.project_id = b.project_id and c.backup_id = b.id and c.state = 'WHOLE'
--rollback          where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null),
--rollback     standing as (
--rollback         select f.id, f.backup_id, f.store, f.at
--rollback           from backup.proof f join held h on h.id = f.backup_id and h.store = f.store
--rollback          where f.project_id = $1 and f.level >= 3 and f.outcome <> 'FAILED'
--rollback            and not exists (select from backup.proof g
--rollback                             where g.project_id = $1 and g.backup_id = f.backup_id and g.store = f.store
--rollback                               and g.outcome = 'FAILED' and g.id > f.id))
--rollback     select s.at from standing s
--rollback      where not exists (select from backup.proof g join backup.backup c on c.project_id = g.project_id and c.id = g.backup_id
--rollback                         where c.project_id = $1 and c.instance_id = $2 and c.deleted_at is null
--rollback                           and g.outcome = 'FAILED' and g.id > s.id and c.id > s.backup_id
--rollback                           and not exists (select from standing o where o.backup_id = c.id and o.store <> g.store))
--rollback      order by s.id desc limit 1
--rollback $$;
--rollback create or replace function backup.figures()
--rollback     returns table (project text, database text, backup_age_seconds double precision, proof_age_seconds double precision,
--rollback                    stored_bytes bigint, proof_level int, proof_failed boolean)
--rollback     language sql stable security definer
--rollback     set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback     select p.name, d.name,
--rollback            extract(epoch from now() - newest.taken_at)::double precision,
--rollback            extract(epoch from now() - backup.proven_at(d.project_id, d.instance_id))::double precision,
--rollback            newest.stored_bytes, last.level, last.failed
--rollback       from fleet.database d
--rollback       join fleet.project p on p.id = d.project_id and p.deleted_at is null
--rollback       left join lateral (select b.* from backup.backup b
--rollback                           where b.project_id = d.project_id and b.instance_id = d.instance_id and b.deleted_at is null
--rollback                             and b.state = 'COMPLETE'
--rollback                           order by b.id desc limit 1) newest on true
--rollback       left join lateral (select max(f.level) as level, bool_or(f.outcome = 'FAILED') as failed
--rollback                            from (select distinct on (f.store) f.level, f.outcome
--rollback                                    from backup.proof f
--rollback                                   where f.project_id = d.project_id and f.backup_id = newest.id
--rollback                                     and (f.store = newest.store
--rollback                                          or exists (select from backup.copy c
--rollback                                                      where c.project_id = d.project_id and c.backup_id = newest.id
--rollback                                                        and c.store = f.store and c.state = 'WHOLE'))
--rollback                                   order by f.store, f.id desc) f) last on true
--rollback      where d.deleted_at is null
--rollback $$;
--rollback create or replace function backup.proof_ages()
--rollback     returns table (project_id uuid, instance_id uuid, instance text, policy_days int, proven_at timestamptz,
--rollback                    taken_at timestamptz, age interval)
--rollback     language sql stable security definer
--rollback     set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback     select i.project_id, i.id, i.name,
--rollback            case when i.deleted_at is not null or substring(i.server_version from '^\d+')::int < 15 then 0
--rollback                 else i.proof_days end,
--rollback            proven.at, newest.taken_at, now() - coalesce(proven.at, i.created_at)
--rollback       from fleet.instance i
--rollback       join fleet.project p on p.id = i.project_id and p.deleted_at is null
--rollback       left join lateral (select b.taken_at from backup.backup b
--rollback                           where b.project_id = i.project_id and b.instance_id = i.id and b.deleted_at is null
--rollback                             and b.state = 'COMPLETE'
--rollback                           order by b.id desc limit 1) newest on true
--rollback       cross join lateral (select backup.proven_at(i.project_id, i.id) as at) proven
--rollback $$;

--changeset nightshift:backup-55
-- Backups that other tools took, as those told last. Nothing of them was read or checked.
create table backup.adopted_report (
    project_id  uuid not null,
    instance_id uuid not null,
    tool        text not null check (tool in ('PGBACKREST', 'BARMAN')),
    name        text not null,
    reported_at timestamptz not null,
    reported_by text not null,
    primary key (project_id, instance_id, tool),
    foreign key (project_id, instance_id) references fleet.instance (project_id, id)
);
create table backup.adopted_backup (
    project_id   uuid not null,
    instance_id  uuid not null,
    tool         text not null,
    label        text not null,
    kind         text not null check (kind in ('FULL', 'DIFFERENTIAL', 'INCREMENTAL')),
    parent       text,
    failed       boolean not null,
    started_at   timestamptz,
    ended_at     timestamptz,
    size_bytes   bigint,
    stored_bytes bigint,
    primary key (project_id, instance_id, tool, label),
    foreign key (project_id, instance_id, tool) references backup.adopted_report (project_id, instance_id, tool)
);
alter table backup.adopted_report enable row level security;
create policy project on backup.adopted_report
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
alter table backup.adopted_backup enable row level security;
create policy project on backup.adopted_backup
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update, delete on backup.adopted_report, backup.adopted_backup to ${app_role};
--rollback drop table backup.adopted_backup; drop table backup.adopted_report;

--changeset nightshift:backup-35 splitStatements:false rollbackSplitStatements:false
-- What is entered opens by a key that is not destroyed: whoever enters it holds the keys' row, so that neither can pass the other
-- unseen. A node that was slow may still have the key.
create function backup.need_key() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    destroyed text;
begin
    select k.backup_keys #>> array[new.key_id, 'destroyed'] into destroyed from vault.project_key k
     where k.project_id = new.project_id for share;
    if destroyed is not null then
        raise exception '% is wrapped by key %, which was destroyed at %', new.id, new.key_id, destroyed
            using errcode = 'NSK01';
    end if;
    return new;
end $$;
create trigger need_key before insert or update of key_id on backup.backup
    for each row execute function backup.need_key();
create trigger need_key before insert or update of key_id on backup.wal_archive
    for each row execute function backup.need_key();
create index backup_key on backup.backup (project_id, key_id) where deleted_at is null;
--rollback drop index backup.backup_key;
--rollback drop trigger need_key on backup.wal_archive; drop trigger need_key on backup.backup; drop function backup.need_key();

--changeset nightshift:backup-56 splitStatements:false rollbackSplitStatements:false
-- Copies of archives of logs in other stores: the same objects under the same names. copied_at is set once the description is there,
-- without which nothing of a copy opens.
create table backup.wal_copy (
    id         uuid primary key,
    project_id uuid not null,
    archive_id uuid not null,
    run_id     uuid not null,
    store      text not null,
    location   text not null,
    objects    bigint not null default 0 check (objects >= 0),
    bytes      bigint not null default 0 check (bytes >= 0),
    begun_at   timestamptz not null default now(),
    copied_at  timestamptz,
    freed_at   timestamptz,
    unique (project_id, id),
    unique (project_id, archive_id, store),
    foreign key (project_id, archive_id) references backup.wal_archive (project_id, id)
);
create index wal_copy_store on backup.wal_copy (store) where freed_at is null;

-- Log that a copy holds without a gap, every object of it compared when it was copied. What can be restored is decided by the
-- store's own objects, as of an archive.
create table backup.wal_copy_stretch (
    project_id uuid not null,
    copy_id    uuid not null,
    timeline   int not null check (timeline > 0),
    from_lsn   pg_lsn not null,
    to_lsn     pg_lsn not null check (to_lsn > from_lsn),
    covered_to timestamptz,
    primary key (project_id, copy_id, timeline, from_lsn),
    foreign key (project_id, copy_id) references backup.wal_copy (project_id, id)
);

alter table backup.wal_copy enable row level security;
create policy project on backup.wal_copy
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
alter table backup.wal_copy_stretch enable row level security;
create policy project on backup.wal_copy_stretch
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update on backup.wal_copy to ${app_role};
grant select, insert, update, delete on backup.wal_copy_stretch to ${app_role};
create trigger need_store before insert or update of freed_at on backup.wal_copy
    for each row when (new.freed_at is null) execute function backup.need_store();

create or replace function backup.delete_store(store text) returns text
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
begin
    perform from backup.store s where s.name = delete_store.store for update;
    if not found then
        return 'UNKNOWN';
    elsif exists (select from backup.backup b where b.store = delete_store.store and b.deleted_at is null)
       or exists (select from backup.copy c where c.store = delete_store.store and c.state <> 'FREED')
       or exists (select from backup.wal_archive a where a.store = delete_store.store)
       or exists (select from backup.wal_copy c where c.store = delete_store.store and c.freed_at is null)
       or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
        return 'HELD';
    elsif exists (select from job.run r where r.job in ('backup', 'copy')
                     and (r.parameters ->> 'store' = delete_store.store
                          or delete_store.store = any (regexp_split_to_array(r.parameters ->> 'copies', '[\s,]+')))
                     and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
        return 'USED';
    end if;
    delete from backup.store s where s.name = delete_store.store;
    return 'DELETED';
end $$;
--rollback do $$ begin
--rollback     if exists (select from backup.wal_copy where freed_at is null) then
--rollback         raise exception 'Copies of archived log lie in stores, and nothing would know of them: delete them there first.';
--rollback     end if;
--rollback end $$;
--rollback create or replace function backup.delete_store(store text) returns text
--rollback     language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback begin
--rollback     perform from backup.store s where s.name = delete_store.store for update;
--rollback     if not found then
--rollback         return 'UNKNOWN';
--rollback     elsif exists (select from backup.backup b where b.store = delete_store.store and b.deleted_at is null)
--rollback        or exists (select from backup.copy c where c.store = delete_store.store and c.state <> 'FREED')
--rollback        or exists (select from backup.wal_archive a where a.store = delete_store.store)
--rollback        or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
--rollback         return 'HELD';
--rollback     elsif exists (select from job.run r where r.job in ('backup', 'copy')
--rollback                      and (r.parameters ->> 'store' = delete_store.store
--rollback                           or delete_store.store = any (regexp_split_to_array(r.parameters ->> 'copies', '[\s,]+')))
--rollback                      and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
--rollback         return 'USED';
--rollback     end if;
--rollback     delete from backup.store s where s.name = delete_store.store;
--rollback     return 'DELETED';
--rollback end $$;
--rollback drop table backup.wal_copy_stretch; drop table backup.wal_copy;

--changeset nightshift:backup-57
-- What a policy has done at times, as JSON: each is a schedule that belongs to it. Where its backups go; how many stores shall hold
-- the newest, how old its key may be, and how long the newest key may be in no recovery kit.
alter table backup.policy
    add column schedules   jsonb not null default '[]' check (jsonb_typeof(schedules) = 'array'),
    add column stores      text[] not null default '{}' check (array_position(stores, null) is null),
    add column store_count int check (store_count > 0),
    add column key_days    int check (key_days > 0),
    add column kit_hours   int check (kit_hours > 0);
--rollback delete from backup.policy
--rollback  where rpo_seconds is null and rto_seconds is null and proof_days is null and backup_hours is null
--rollback    and keep_days + keep_count + keep_daily + keep_weekly + keep_monthly + keep_yearly = 0;
--rollback update job.schedule set deleted_at = now(), enabled = false, next_fire = null where policy is not null and deleted_at is null;
--rollback alter table backup.policy drop column schedules, drop column stores, drop column store_count, drop column key_days, drop column kit_hours;

--changeset nightshift:backup-58 splitStatements:false rollbackSplitStatements:false
-- A store that a policy names is not forgotten under it: NAMED, and by which.
create or replace function backup.delete_store(store text) returns text
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    named text;
begin
    perform from backup.store s where s.name = delete_store.store for update;
    if not found then
        return 'UNKNOWN';
    elsif exists (select from backup.backup b where b.store = delete_store.store and b.deleted_at is null)
       or exists (select from backup.copy c where c.store = delete_store.store and c.state <> 'FREED')
       or exists (select from backup.wal_archive a where a.store = delete_store.store)
       or exists (select from backup.wal_copy c where c.store = delete_store.store and c.freed_at is null)
       or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
        return 'HELD';
    elsif exists (select from job.run r where r.job in ('backup', 'copy')
                     and (r.parameters ->> 'store' = delete_store.store
                          or delete_store.store = any (regexp_split_to_array(r.parameters ->> 'copies', '[\s,]+')))
                     and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
        return 'USED';
    end if;
    select ' by the policy ' || y.name || ' of the project ' || p.name into named
      from backup.policy y join fleet.project p on p.id = y.project_id and p.deleted_at is null
     where delete_store.store = any (y.stores) order by p.name, y.name limit 1;
    if found then
        return 'NAMED' || named;
    end if;
    delete from backup.store s where s.name = delete_store.store;
    return 'DELETED';
end $$;
--rollback create or replace function backup.delete_store(store text) returns text
--rollback     language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback begin
--rollback     perform from backup.store s where s.name = delete_store.store for update;
--rollback     if not found then
--rollback         return 'UNKNOWN';
--rollback     elsif exists (select from backup.backup b where b.store = delete_store.store and b.deleted_at is null)
--rollback        or exists (select from backup.copy c where c.store = delete_store.store and c.state <> 'FREED')
--rollback        or exists (select from backup.wal_archive a where a.store = delete_store.store)
--rollback        or exists (select from backup.wal_copy c where c.store = delete_store.store and c.freed_at is null)
--rollback        or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
--rollback         return 'HELD';
--rollback     elsif exists (select from job.run r where r.job in ('backup', 'copy')
--rollback                      and (r.parameters ->> 'store' = delete_store.store
--rollback                           or delete_store.store = any (regexp_split_to_array(r.parameters ->> 'copies', '[\s,]+')))
--rollback                      and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
--rollback         return 'USED';
--rollback     end if;
--rollback     delete from backup.store s where s.name = delete_store.store;
--rollback     return 'DELETED';
--rollback end $$;

--changeset nightshift:backup-68 splitStatements:false
-- For the watch over slots that nobody archives from: the servers to ask. The node that archives one asks it itself.
create function backup.slot_servers() returns table (project_id uuid, instance_id uuid)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select i.project_id, i.id from fleet.instance i join fleet.project p on p.id = i.project_id
     where i.deleted_at is null and p.deleted_at is null
       and not exists (select from backup.wal_service s where s.project_id = i.project_id and s.instance_id = i.id
                          and s.enabled and s.state not in ('GIVING_UP', 'GIVEN_UP'))
$$;
revoke execute on function backup.slot_servers() from public;
grant execute on function backup.slot_servers() to ${app_role};

-- What is known of the instance that a slot is named after, whichever project it is of; no row for nothing. It archives from
-- the server if that is its own. One of the same cluster may be its own under another address, but not while its log comes: then
-- the slot that nobody streams from is that of a server that was left.
create function backup.slot_owner(owner uuid, server uuid) returns table (archives boolean)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select coalesce(i.deleted_at is null and p.deleted_at is null
                    and (s.enabled or s.state <> 'OFF') and s.state <> 'GIVEN_UP'
                    and (i.id = other.id
                         or s.state <> 'STREAMING'
                            and coalesce(i.system_identifier = other.system_identifier, true)), false)
      from fleet.instance i
      join fleet.project p on p.id = i.project_id
      left join backup.wal_service s on s.project_id = i.project_id and s.instance_id = i.id
      left join fleet.instance other on other.id = slot_owner.server
     where i.id = slot_owner.owner
$$;
revoke execute on function backup.slot_owner(uuid, uuid) from public;
grant execute on function backup.slot_owner(uuid, uuid) to ${app_role};
--rollback drop function backup.slot_owner(uuid, uuid); drop function backup.slot_servers();

--changeset nightshift:backup-71
-- How long each part of a restore took, the last time that a drill or a restore of an instance from a store did it: what plans
-- estimate by.
create table backup.restore_pace (
    project_id  uuid not null,
    instance_id uuid not null,
    store       text not null,
    part        text not null check (part in ('FILES', 'LOG', 'REPLAY')),
    kind        text not null check (kind in ('DRILL', 'RESTORE')),
    run_id      uuid,
    at          timestamptz not null,
    bytes       bigint not null check (bytes >= 0),
    millis      bigint not null check (millis > 0),
    primary key (project_id, instance_id, store, part),
    foreign key (project_id, instance_id) references fleet.instance (project_id, id) on delete cascade
);
alter table backup.restore_pace enable row level security;
create policy project on backup.restore_pace
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update on backup.restore_pace to ${app_role};
--rollback drop table backup.restore_pace;

--changeset nightshift:backup-72
-- Which drills opened their backup with a recovery kit alone.
alter table backup.drill add column kit_made_at timestamptz;
--rollback alter table backup.drill drop column kit_made_at;

--changeset nightshift:backup-73 splitStatements:false rollbackSplitStatements:false
-- For how many days the bucket of a store is to lock what is stored in it, by its own default; 0 for not at all. It is measured
-- against that, never set.
alter table backup.store add column lock_days int not null default 0 check (lock_days between 0 and 36500);

-- Of every project that is not deleted: which have anything in a store, or an open finding about its lock.
create function backup.store_projects(store text) returns table (project_id uuid)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    with concerned as (
        select b.project_id from backup.backup b where b.store = $1 and b.deleted_at is null
        union select c.project_id from backup.copy c where c.store = $1 and c.state = 'WHOLE'
        union select a.project_id from backup.wal_archive a where a.store = $1
        union select c.project_id from backup.wal_copy c where c.store = $1 and c.freed_at is null
        union select f.project_id from finding.finding f where f.state = 'OPEN' and f.fingerprint = 'backup.lock:' || $1)
    select c.project_id from concerned c join fleet.project p on p.id = c.project_id and p.deleted_at is null
$$;
revoke execute on function backup.store_projects(text) from public;
grant execute on function backup.store_projects(text) to ${app_role};
--rollback drop function backup.store_projects(text); alter table backup.store drop column lock_days;

--changeset nightshift:backup-74
-- A second login of a store, which alone is used to delete there; empty where the first one deletes.
alter table backup.store
    add column delete_account text not null default '',
    add column delete_secret_file text,
    add column delete_secret_variable text check (delete_secret_variable ~ '^NIGHTSHIFT_CREDENTIAL_[A-Z0-9_]{1,63}$'),
    add constraint store_one_delete_secret check (num_nonnulls(delete_secret_file, delete_secret_variable) <= 1);
--rollback alter table backup.store drop constraint store_one_delete_secret;
--rollback alter table backup.store drop column delete_secret_variable, drop column delete_secret_file, drop column delete_account;

--changeset nightshift:backup-75 splitStatements:false rollbackSplitStatements:false
-- Stores that somebody has declared lost for good: what lies there alone is lost, and nothing waits for them.
create table backup.lost_store (
    store       text primary key,
    declared_at timestamptz not null default now(),
    declared_by text not null,
    reason      text not null check (length(reason) between 1 and 500)
);
grant select, insert, delete on backup.lost_store to ${app_role};

-- What projects that are not deleted hold in a store: backups that lie whole in no other one that is not lost, with all that they
-- need, those that do, and archived logs of which no copy was finished in such a one.
create function backup.store_loss(store text)
    returns table (project_id uuid, only_there bigint, elsewhere bigint, logs bigint)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    with place as (
        select b.project_id, b.id, b.chain, b.store from backup.backup b
          join fleet.project f on f.id = b.project_id and f.deleted_at is null
         where b.deleted_at is null
        union
        select c.project_id, c.backup_id, b.chain, c.store from backup.copy c
          join backup.backup b on b.project_id = c.project_id and b.id = c.backup_id and b.deleted_at is null
          join fleet.project f on f.id = b.project_id and f.deleted_at is null
         where c.state = 'WHOLE'),
    held as (
        select p.project_id, p.id,
               exists (select from place o where o.project_id = p.project_id and o.id = p.id and o.store <> $1
                          and not exists (select from backup.lost_store l where l.store = o.store)
                          and not exists (select from unnest(o.chain) n (id)
                                where not exists (select from place m where m.project_id = o.project_id and m.id = n.id
                                                     and m.store = o.store))) as elsewhere
          from place p where p.store = $1),
    archive as (
        select a.project_id, a.id from backup.wal_archive a
          join fleet.project f on f.id = a.project_id and f.deleted_at is null
         where a.store = $1
           and not exists (select from backup.wal_copy c where c.project_id = a.project_id and c.archive_id = a.id
                              and c.store <> $1 and c.freed_at is null and c.copied_at is not null
                              and not exists (select from backup.lost_store l where l.store = c.store)))
    select coalesce(h.project_id, a.project_id), coalesce(h.only_there, 0), coalesce(h.elsewhere, 0), coalesce(a.logs, 0)
      from (select project_id, count(*) filter (where not elsewhere) as only_there,
                   count(*) filter (where elsewhere) as elsewhere
              from held group by project_id) h
      full join (select project_id, count(*) as logs from archive group by project_id) a on a.project_id = h.project_id
     order by 1
$$;
revoke execute on function backup.store_loss(text) from public;
grant execute on function backup.store_loss(text) to ${app_role};

-- What expired and is not freed yet is nobody's to free once the store is forgotten: a lock may keep it for years.
create or replace function backup.delete_store(store text) returns text
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    named text;
begin
    perform from backup.store s where s.name = delete_store.store for update;
    if not found then
        return 'UNKNOWN';
    elsif exists (select from backup.backup b where b.store = delete_store.store and b.freed_at is null)
       or exists (select from backup.copy c where c.store = delete_store.store and c.state <> 'FREED')
       or exists (select from backup.wal_archive a where a.store = delete_store.store)
       or exists (select from backup.wal_copy c where c.store = delete_store.store and c.freed_at is null)
       or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
        return 'HELD';
    elsif exists (select from job.run r where r.job in ('backup', 'copy')
                     and (r.parameters ->> 'store' = delete_store.store
                          or delete_store.store = any (regexp_split_to_array(r.parameters ->> 'copies', '[\s,]+')))
                     and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
        return 'USED';
    end if;
    select ' by the policy ' || y.name || ' of the project ' || p.name into named
      from backup.policy y join fleet.project p on p.id = y.project_id and p.deleted_at is null
     where delete_store.store = any (y.stores) order by p.name, y.name limit 1;
    if found then
        return 'NAMED' || named;
    end if;
    delete from backup.store s where s.name = delete_store.store;
    return 'DELETED';
end $$;

-- A proof in a store that is lost proves nothing any more.
create or replace function backup.proven_at(project uuid, instance uuid) returns timestamptz
    language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    with held as (
        select b.id, b.store from backup.backup b
         where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null and b.physical
           and not exists (select from backup.lost_store l where l.store = b.store)
        union
        select b.id, c.store
          from backup.backup b join backup.copy c on c.project_id = b.project_id and c.backup_id = b.id and c.state = 'WHOLE'
         where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null and b.physical
           and not exists (select from backup.lost_store l where l.store = c.store)),
    standing as (
        select f.id, f.backup_id, f.store, f.at
          from backup.proof f join held h on h.id = f.backup_id and h.store = f.store
         where f.project_id = $1 and f.level >= 3 and f.outcome <> 'FAILED'
           and not exists (select from backup.proof g
                            where g.project_id = $1 and g.backup_id = f.backup_id and g.store = f.store
                              and g.outcome = 'FAILED' and g.id > f.id))
    select s.at from standing s
     where not exists (select from backup.proof g join backup.backup c on c.project_id = g.project_id and c.id = g.backup_id
                        where c.project_id = $1 and c.instance_id = $2 and c.deleted_at is null and c.physical
                          and g.outcome = 'FAILED' and g.id > s.id and c.id > s.backup_id
                          and not exists (select from standing o where o.backup_id = c.id and o.store <> g.store))
     order by s.id desc limit 1
$$;
--rollback create or replace function backup.proven_at(project uuid, instance uuid) returns timestamptz
--rollback     language sql stable
--rollback     set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback     with held as (
--rollback         select b.id, b.store from backup.backup b
--rollback          where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null and b.physical
--rollback         union
--rollback         select b.id, c.store
--rollback           from backup.backup b join backup.copy c on c.project_id = b.project_id and c.backup_id = b.id and c.state = 'WHOLE'
--rollback          where b.project_id = $1 and b.instance_id = $2 and b.deleted_at is null and b.physical),
--rollback     standing as (
--rollback         select f.id, f.backup_id, f.store, f.at
--rollback           from backup.proof f join held h on h.id = f.backup_id and h.store = f.store
--rollback          where f.project_id = $1 and f.level >= 3 and f.outcome <> 'FAILED'
--rollback            and not exists (select from backup.proof g
--rollback                             where g.project_id = $1 and g.backup_id = f.backup_id and g.store = f.store
--rollback                               and g.outcome = 'FAILED' and g.id > f.id))
--rollback     select s.at from standing s
--rollback      where not exists (select from backup.proof g join backup.backup c on c.project_id = g.project_id and c.id = g.backup_id
--rollback                         where c.project_id = $1 and c.instance_id = $2 and c.deleted_at is null and c.physical
--rollback                           and g.outcome = 'FAILED' and g.id > s.id and c.id > s.backup_id
--rollback                           and not exists (select from standing o where o.backup_id = c.id and o.store <> g.store))
--rollback      order by s.id desc limit 1
--rollback $$;
--rollback create or replace function backup.delete_store(store text) returns text
--rollback     language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback declare
--rollback     named text;
--rollback begin
--rollback     perform from backup.store s where s.name = delete_store.store for update;
--rollback     if not found then
--rollback         return 'UNKNOWN';
--rollback     elsif exists (select from backup.backup b where b.store = delete_store.store and b.deleted_at is null)
--rollback        or exists (select from backup.copy c where c.store = delete_store.store and c.state <> 'FREED')
--rollback        or exists (select from backup.wal_archive a where a.store = delete_store.store)
--rollback        or exists (select from backup.wal_copy c where c.store = delete_store.store and c.freed_at is null)
--rollback        or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
--rollback         return 'HELD';
--rollback     elsif exists (select from job.run r where r.job in ('backup', 'copy')
--rollback                      and (r.parameters ->> 'store' = delete_store.store
--rollback                           or delete_store.store = any (regexp_split_to_array(r.parameters ->> 'copies', '[\s,]+')))
--rollback                      and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
--rollback         return 'USED';
--rollback     end if;
--rollback     select ' by the policy ' || y.name || ' of the project ' || p.name into named
--rollback       from backup.policy y join fleet.project p on p.id = y.project_id and p.deleted_at is null
--rollback      where delete_store.store = any (y.stores) order by p.name, y.name limit 1;
--rollback     if found then
--rollback         return 'NAMED' || named;
--rollback     end if;
--rollback     delete from backup.store s where s.name = delete_store.store;
--rollback     return 'DELETED';
--rollback end $$;
--rollback drop function backup.store_loss(text); drop table backup.lost_store;

--changeset nightshift:backup-76 splitStatements:false
-- The instance that is this repository's own server, whichever project it is of, with its newest good backup; no row if nobody
-- registered it.
create function backup.of_repository() returns table (
        project text, instance text, backup uuid, taken_at timestamptz, store text, proven_at timestamptz, covered_to timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.name, i.name, newest.id, newest.taken_at, newest.store, backup.proven_at(i.project_id, i.id),
           -- Of the log that goes on from that backup, up to the first gap
           (select max(t.covered_to)
              from backup.wal_archive a
              join backup.wal_stretch begins on begins.project_id = a.project_id and begins.archive_id = a.id
               and newest.stop_lsn between begins.from_lsn and begins.to_lsn
              join backup.wal_stretch t on t.project_id = a.project_id and t.archive_id = a.id and t.id >= begins.id
             where a.project_id = i.project_id and a.instance_id = i.id
               and not exists (select from backup.wal_stretch g
                                where g.project_id = a.project_id and g.archive_id = a.id
                                  and g.id > begins.id and g.id <= t.id and g.gap is not null))
      from pg_control_system() here
      join fleet.instance i on i.system_identifier = here.system_identifier::text and i.deleted_at is null
      join fleet.project p on p.id = i.project_id and p.deleted_at is null
      left join lateral (
               select b.id, b.taken_at, b.store, b.stop_lsn
                 from backup.backup b
                where b.project_id = i.project_id and b.instance_id = i.id
                  and b.system_identifier = i.system_identifier
                  and b.kind in ('FULL', 'INCREMENTAL', 'DIFFERENTIAL')
                  and b.state = 'COMPLETE' and b.deleted_at is null
                  and not exists (select from backup.lost_store l where l.store = b.store)
                order by b.id desc
                limit 1) newest on true
     order by newest.id desc nulls last
     limit 1
$$;
revoke execute on function backup.of_repository() from public;
grant execute on function backup.of_repository() to ${app_role};
--rollback drop function backup.of_repository();

--changeset nightshift:backup-60 splitStatements:false
-- How the log comes: streamed from a slot, or pushed segment by segment by the server's archive_command. A stretch that is pushed
-- has the server's snapshot of a look that it covers: while a later one is the same, nothing was committed.
alter table backup.wal_stretch add covered_snapshot text;
alter table backup.wal_service add method text not null default 'STREAM' check (method in ('STREAM', 'PUSH'));
alter table backup.wal_service drop constraint wal_service_state_check;
alter table backup.wal_service add constraint wal_service_state_check
    check (state in ('OFF', 'STARTING', 'STREAMING', 'RECEIVING', 'FAILING', 'GIVING_UP', 'GIVEN_UP', 'STOPPING'));

create or replace function backup.wal_figures()
    returns table (project text, server text, streams boolean, covered_age_seconds double precision, retained_bytes bigint)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.name, i.name, s.state in ('STREAMING', 'RECEIVING'),
           extract(epoch from greatest(now() - newest.covered_to, interval '0')), s.retained_bytes
      from backup.wal_service s
      join fleet.project p on p.id = s.project_id and p.deleted_at is null
      join fleet.instance i on i.project_id = s.project_id and i.id = s.instance_id and i.deleted_at is null
      left join lateral (select t.covered_to from backup.wal_stretch t
                          where t.project_id = s.project_id and t.archive_id = s.archive_id
                          order by t.id desc limit 1) newest on true
     where s.enabled
$$;

-- A slot of a server that pushes now is left: nobody streams from it any more. The node that streams from one asks it itself.
create or replace function backup.slot_servers() returns table (project_id uuid, instance_id uuid)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select i.project_id, i.id from fleet.instance i join fleet.project p on p.id = i.project_id
     where i.deleted_at is null and p.deleted_at is null
       and not exists (select from backup.wal_service s where s.project_id = i.project_id and s.instance_id = i.id
                          and s.enabled and s.method = 'STREAM' and s.state not in ('GIVING_UP', 'GIVEN_UP'))
$$;

create or replace function backup.slot_owner(owner uuid, server uuid) returns table (archives boolean)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select coalesce(i.deleted_at is null and p.deleted_at is null
                    and (s.enabled or s.state <> 'OFF') and s.state <> 'GIVEN_UP' and s.method = 'STREAM'
                    and (i.id = other.id
                         or s.state <> 'STREAMING'
                            and coalesce(i.system_identifier = other.system_identifier, true)), false)
      from fleet.instance i
      join fleet.project p on p.id = i.project_id
      left join backup.wal_service s on s.project_id = i.project_id and s.instance_id = i.id
      left join fleet.instance other on other.id = slot_owner.server
     where i.id = slot_owner.owner
$$;
--rollback update backup.wal_service set enabled = false, state = 'OFF', message = null where method = 'PUSH';
--rollback create or replace function backup.slot_servers() returns table (project_id uuid, instance_id uuid) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select i.project_id, i.id from fleet.instance i join fleet.project p on p.id = i.project_id where i.deleted_at is null and p.deleted_at is null and not exists (select from backup.wal_service s where s.project_id = i.project_id and s.instance_id = i.id and s.enabled and s.state not in ('GIVING_UP', 'GIVEN_UP')) $$;
--rollback create or replace function backup.slot_owner(owner uuid, server uuid) returns table (archives boolean) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select coalesce(i.deleted_at is null and p.deleted_at is null and (s.enabled or s.state <> 'OFF') and s.state <> 'GIVEN_UP' and (i.id = other.id or s.state <> 'STREAMING' and coalesce(i.system_identifier = other.system_identifier, true)), false) from fleet.instance i join fleet.project p on p.id = i.project_id left join backup.wal_service s on s.project_id = i.project_id and s.instance_id = i.id left join fleet.instance other on other.id = slot_owner.server where i.id = slot_owner.owner $$;
--rollback create or replace function backup.wal_figures() returns table (project text, server text, streams boolean, covered_age_seconds double precision, retained_bytes bigint) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select p.name, i.name, s.state = 'STREAMING', extract(epoch from greatest(now() - newest.covered_to, interval '0')), s.retained_bytes from backup.wal_service s join fleet.project p on p.id = s.project_id and p.deleted_at is null join fleet.instance i on i.project_id = s.project_id and i.id = s.instance_id and i.deleted_at is null left join lateral (select t.covered_to from backup.wal_stretch t where t.project_id = s.project_id and t.archive_id = s.archive_id order by t.id desc limit 1) newest on true where s.enabled $$;
--rollback alter table backup.wal_service drop constraint wal_service_state_check;
--rollback alter table backup.wal_service add constraint wal_service_state_check check (state in ('OFF', 'STARTING', 'STREAMING', 'FAILING', 'GIVING_UP', 'GIVEN_UP', 'STOPPING'));
--rollback alter table backup.wal_service drop column method;
--rollback alter table backup.wal_stretch drop column covered_snapshot;

--changeset nightshift:backup-61
-- The segment in whose place the archive of a server that pushes holds other log than somebody pushed: until it is settled whose log
-- is whose, none of it is known to be the server's.
alter table backup.wal_service
    add column refused_timeline integer check (refused_timeline > 0),
    add column refused_from pg_lsn,
    add constraint wal_service_refused check ((refused_timeline is null) = (refused_from is null));
--rollback alter table backup.wal_service drop column refused_timeline, drop column refused_from;

--changeset nightshift:backup-93
-- Logical backups of a policy go to all of its stores now, as the physical ones did: its lines say so from here on.
update job.schedule s
   set parameters = s.parameters || jsonb_build_object('copies', array_to_string(p.stores[2:], ', '))
  from backup.policy p
 where p.project_id = s.project_id and p.name = s.policy and s.deleted_at is null and s.job = 'backup'
   and s.parameters ->> 'kind' in ('logical', 'schema', 'data') and cardinality(p.stores) > 1;
--rollback update job.schedule s set parameters = s.parameters - 'copies' where s.policy is not null and s.job = 'backup' and s.parameters ->> 'kind' in ('logical', 'schema', 'data');

--changeset nightshift:backup-80
-- When the push of another server than an instance's own was refused last.
alter table backup.wal_service add stranger_at timestamptz;
--rollback alter table backup.wal_service drop column stranger_at;

--changeset nightshift:backup-94
-- When pushes were refused that are held against what the server says at this moment: each counts for minutes at most, as a node may
-- die over it. Whether the segment that is in doubt was pushed since as the archive has it.
alter table backup.wal_service
    add column doubts timestamptz[] not null default '{}',
    add column refused_again boolean not null default false;
--rollback alter table backup.wal_service drop column doubts, drop column refused_again;

--changeset nightshift:backup-83
-- Projects in which two people delete, and what one of them asked for. What was shown to be lost stands in the request: approving it
-- judges anew, and nothing beyond it goes.
create table backup.two_person (
    project_id  uuid primary key references fleet.project (id),
    switched_by text not null,
    switched_at timestamptz not null default now()
);
alter table backup.two_person enable row level security;
create policy project on backup.two_person
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert, update, delete on backup.two_person to ${app_role};

create table backup.deletion_request (
    id             uuid primary key,
    project_id     uuid not null references fleet.project (id),
    kind           text not null check (length(kind) between 1 and 40),
    title          text not null check (length(title) between 1 and 1000),
    asked          jsonb not null,
    why            text check (length(why) <= 500),
    asked_by       text not null,
    asked_with     text,
    asked_person   uuid not null,
    asked_at       timestamptz not null,
    until          timestamptz not null,
    shown          jsonb not null,
    state          text not null default 'WAITING' check (state in ('WAITING', 'APPROVED', 'REFUSED', 'OUTGROWN', 'RUN_OUT')),
    decided_by     text,
    decided_person uuid,
    decided_at     timestamptz,
    note           text check (length(note) <= 1000),
    unique (project_id, id),
    constraint deletion_request_decided check ((state = 'WAITING') = (decided_at is null)),
    constraint deletion_request_two check (state <> 'APPROVED' or decided_person is not null and decided_person <> asked_person)
);
create index deletion_request_waiting on backup.deletion_request (until) where state = 'WAITING';
alter table backup.deletion_request enable row level security;
create policy project on backup.deletion_request
    using (project_id = (select tenancy.current_project()))
    with check (project_id = (select tenancy.current_project()));
grant select, insert on backup.deletion_request to ${app_role};
grant update (state, decided_by, decided_person, decided_at, note) on backup.deletion_request to ${app_role};
--rollback drop table backup.deletion_request; drop table backup.two_person;

--changeset nightshift:backup-84 splitStatements:false
-- For the watch over requests that nobody decided in time: of every project, ids only.
create function backup.deletion_run_out(at timestamptz) returns table (project_id uuid, id uuid)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select r.project_id, r.id from backup.deletion_request r where r.state = 'WAITING' and r.until <= at order by r.until limit 1000
$$;

create function backup.deletions_of_person(person text, most int)
    returns table (project text, request text, title text, did text, at timestamptz)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select p.name, d.id::text, d.title, d.did, d.at
      from (select r.project_id, r.id, r.title, 'asked' as did, r.asked_at as at
              from backup.deletion_request r where r.asked_by = person
            union all
            select r.project_id, r.id, r.title, lower(r.state), r.decided_at
              from backup.deletion_request r where r.decided_by = person) d
      join fleet.project p on p.id = d.project_id
     order by d.at desc limit most
$$;

create function backup.rename_deleter(person text, pseudonym text) returns void
    language sql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
    update backup.deletion_request r set asked_by = pseudonym where r.asked_by = person;
    update backup.deletion_request r set decided_by = pseudonym where r.decided_by = person;
    update backup.two_person t set switched_by = pseudonym where t.switched_by = person;
$$;

create function backup.forget_deletion_requests(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project uuid := tenancy.current_project();
    gone bigint;
begin
    delete from backup.deletion_request r using (
        select o.id from backup.deletion_request o
         where o.project_id = project and o.decided_at < least(before, now() - interval '7 days') order by o.id limit most) old
     where r.id = old.id;
    get diagnostics gone = row_count;
    return gone;
end $$;
revoke execute on function backup.deletion_run_out(timestamptz), backup.deletions_of_person(text, int),
    backup.rename_deleter(text, text), backup.forget_deletion_requests(timestamptz, int) from public;
grant execute on function backup.deletion_run_out(timestamptz), backup.deletions_of_person(text, int),
    backup.rename_deleter(text, text), backup.forget_deletion_requests(timestamptz, int) to ${app_role};
--rollback drop function backup.deletion_run_out(timestamptz); drop function backup.deletions_of_person(text, int);
--rollback drop function backup.rename_deleter(text, text); drop function backup.forget_deletion_requests(timestamptz, int);

--changeset nightshift:backup-100 splitStatements:false rollbackSplitStatements:false
-- When the lock of a store's bucket was measured last; until it was, since when it is to lock for so long.
alter table backup.store add column lock_measured_at timestamptz not null default now();

-- Of every project that is not deleted: which have anything in a store, or an open finding about its lock or that lock's age.
create or replace function backup.store_projects(store text) returns table (project_id uuid)
    language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    with concerned as (
        select b.project_id from backup.backup b where b.store = $1 and b.deleted_at is null
        union select c.project_id from backup.copy c where c.store = $1 and c.state = 'WHOLE'
        union select a.project_id from backup.wal_archive a where a.store = $1
        union select c.project_id from backup.wal_copy c where c.store = $1 and c.freed_at is null
        union select f.project_id from finding.finding f
               where f.state = 'OPEN' and f.fingerprint in ('backup.lock:' || $1, 'backup.lock-age:' || $1))
    select c.project_id from concerned c join fleet.project p on p.id = c.project_id and p.deleted_at is null
$$;
--rollback create or replace function backup.store_projects(store text) returns table (project_id uuid)
--rollback     language sql stable security definer
--rollback     set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback     with concerned as (
--rollback         select b.project_id from backup.backup b where b.store = $1 and b.deleted_at is null
--rollback         union select c.project_id from backup.copy c where c.store = $1 and c.state = 'WHOLE'
--rollback         union select a.project_id from backup.wal_archive a where a.store = $1
--rollback         union select c.project_id from backup.wal_copy c where c.store = $1 and c.freed_at is null
--rollback         union select f.project_id from finding.finding f where f.state = 'OPEN' and f.fingerprint = 'backup.lock:' || $1)
--rollback     select c.project_id from concerned c join fleet.project p on p.id = c.project_id and p.deleted_at is null
--rollback $$;
--rollback alter table backup.store drop column lock_measured_at;

--changeset nightshift:backup-130
-- When a node last set out to hold what the store lists against the stretches; null for as soon as possible.
alter table backup.wal_archive add column listed_at timestamptz;
--rollback alter table backup.wal_archive drop column listed_at;

--changeset nightshift:backup-110
-- A request that was approved and could not be done is over, with why in its note.
alter table backup.deletion_request drop constraint deletion_request_state_check;
alter table backup.deletion_request add constraint deletion_request_state_check
    check (state in ('WAITING', 'APPROVED', 'REFUSED', 'OUTGROWN', 'RUN_OUT', 'FAILED'));
--rollback update backup.deletion_request set state = 'REFUSED' where state = 'FAILED';
--rollback alter table backup.deletion_request drop constraint deletion_request_state_check;
--rollback alter table backup.deletion_request add constraint deletion_request_state_check check (state in ('WAITING', 'APPROVED', 'REFUSED', 'OUTGROWN', 'RUN_OUT'));

--changeset nightshift:backup-150 splitStatements:false rollbackSplitStatements:false
-- A store that only a policy's drill reads is not forgotten under it either: NAMED as well.
create or replace function backup.delete_store(store text) returns text
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    named text;
begin
    perform from backup.store s where s.name = delete_store.store for update;
    if not found then
        return 'UNKNOWN';
    elsif exists (select from backup.backup b where b.store = delete_store.store and b.freed_at is null)
       or exists (select from backup.copy c where c.store = delete_store.store and c.state <> 'FREED')
       or exists (select from backup.wal_archive a where a.store = delete_store.store)
       or exists (select from backup.wal_copy c where c.store = delete_store.store and c.freed_at is null)
       or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
        return 'HELD';
    elsif exists (select from job.run r where r.job in ('backup', 'copy')
                     and (r.parameters ->> 'store' = delete_store.store
                          or delete_store.store = any (regexp_split_to_array(r.parameters ->> 'copies', '[\s,]+')))
                     and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
        return 'USED';
    end if;
    select ' by the policy ' || y.name || ' of the project ' || p.name into named
      from backup.policy y join fleet.project p on p.id = y.project_id and p.deleted_at is null
     where delete_store.store = any (y.stores)
        or exists (select from jsonb_array_elements(y.schedules) line where line ->> 'from' = delete_store.store)
     order by p.name, y.name limit 1;
    if found then
        return 'NAMED' || named;
    end if;
    delete from backup.store s where s.name = delete_store.store;
    return 'DELETED';
end $$;
--rollback create or replace function backup.delete_store(store text) returns text
--rollback     language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
--rollback as $$
--rollback declare
--rollback     named text;
--rollback begin
--rollback     perform from backup.store s where s.name = delete_store.store for update;
--rollback     if not found then
--rollback         return 'UNKNOWN';
--rollback     elsif exists (select from backup.backup b where b.store = delete_store.store and b.freed_at is null)
--rollback        or exists (select from backup.copy c where c.store = delete_store.store and c.state <> 'FREED')
--rollback        or exists (select from backup.wal_archive a where a.store = delete_store.store)
--rollback        or exists (select from backup.wal_copy c where c.store = delete_store.store and c.freed_at is null)
--rollback        or exists (select from backup.wal_service w where w.store = delete_store.store and w.state <> 'OFF') then
--rollback         return 'HELD';
--rollback     elsif exists (select from job.run r where r.job in ('backup', 'copy')
--rollback                      and (r.parameters ->> 'store' = delete_store.store
--rollback                           or delete_store.store = any (regexp_split_to_array(r.parameters ->> 'copies', '[\s,]+')))
--rollback                      and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST')) then
--rollback         return 'USED';
--rollback     end if;
--rollback     select ' by the policy ' || y.name || ' of the project ' || p.name into named
--rollback       from backup.policy y join fleet.project p on p.id = y.project_id and p.deleted_at is null
--rollback      where delete_store.store = any (y.stores) order by p.name, y.name limit 1;
--rollback     if found then
--rollback         return 'NAMED' || named;
--rollback     end if;
--rollback     delete from backup.store s where s.name = delete_store.store;
--rollback     return 'DELETED';
--rollback end $$;
