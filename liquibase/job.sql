--liquibase formatted sql

--changeset nightshift:job-1
create schema job;
grant usage on schema job to ${app_role};

-- Installation tables: nodes and leases belong to no project.
create table job.node (
    id           uuid primary key,
    name         text not null,
    version      text not null,
    started_at   timestamptz not null default now(),
    heartbeat_at timestamptz not null default now(),
    renewals     int not null default 0,
    draining     boolean not null default false,
    stopped_at   timestamptz
);
create table job.lease (
    resource text primary key,
    node_id  uuid not null references job.node (id),
    fence    bigint not null,
    holder   uuid not null,
    until    timestamptz not null
);
create sequence job.fence;
grant select, insert, update on job.node to ${app_role};
grant select, insert, update, delete on job.lease to ${app_role};
grant usage on sequence job.fence to ${app_role};

create table job.schedule (
    id         uuid primary key,
    project_id uuid not null references fleet.project (id),
    name       text not null check (name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
    job        text not null,
    cron       text not null check (length(cron) <= 200),
    zone       text not null,
    databases  text[] not null check (array_position(databases, null) is null),
    parameters jsonb not null default '{}',
    enabled    boolean not null default true,
    next_fire  timestamptz,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    unique (project_id, id)
);
create unique index schedule_name on job.schedule (project_id, name) where deleted_at is null;
create index schedule_due on job.schedule (next_fire) where enabled and deleted_at is null;

create table job.run (
    id             uuid primary key,
    project_id     uuid not null references fleet.project (id),
    job            text not null,
    status         text not null check (status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'STOPPED', 'COMPLETED',
                                                   'PARTIAL', 'FAILED', 'LOST', 'MISSED', 'SKIPPED')),
    reason         text,
    trigger        text not null check (trigger in ('PERSON', 'KEY', 'SCHEDULE', 'START')),
    triggered_by   text not null,
    schedule_id    uuid,
    fire_at        timestamptz,
    parameters     jsonb not null default '{}',
    attempt        int not null default 1,
    -- How often its node died since a person started it; a node that was stopped in good order does not count.
    losses         int not null default 0,
    created_at     timestamptz not null default now(),
    started_at     timestamptz,
    ended_at       timestamptz,
    unique (project_id, id),
    foreign key (project_id, schedule_id) references job.schedule (project_id, id)
);
create index on job.run (project_id, id);
create index on job.run (project_id, job, id);
create index run_figures on job.run (project_id, job, status);
create index run_open on job.run (status) where status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING', 'LOST');
-- One fire of a schedule makes one run, from whichever node.
create unique index run_fire on job.run (schedule_id, fire_at) where schedule_id is not null;

create table job.attempt (
    id             uuid primary key,
    project_id     uuid not null,
    run_id         uuid not null,
    number         int not null,
    node_id        uuid not null references job.node (id),
    fence          bigint not null,
    batch_instance bigint,
    taken_at       timestamptz,
    ended_at       timestamptz,
    created_at     timestamptz not null default now(),
    unique (project_id, id),
    unique (run_id, number),
    foreign key (project_id, run_id) references job.run (project_id, id)
);

create table job.target (
    id             uuid primary key,
    project_id     uuid not null,
    run_id         uuid not null,
    instance_id    uuid not null,
    database_id    uuid,
    database_names text[] not null,
    status         text not null check (status in ('WAITING', 'STARTED', 'COMPLETED', 'FAILED', 'STOPPED', 'SKIPPED', 'LOST')),
    reason         text,
    remedy         text,
    attempt        int not null default 0,
    fence          bigint not null default 0,
    checkpoint     jsonb,
    figures        jsonb not null default '{}',
    progress_done  bigint,
    progress_total bigint,
    progress_unit  text,
    progress_text  text,
    progress_at    timestamptz,
    started_at     timestamptz,
    ended_at       timestamptz,
    unique (project_id, id),
    foreign key (project_id, run_id) references job.run (project_id, id),
    foreign key (project_id, instance_id) references fleet.instance (project_id, id),
    foreign key (project_id, database_id) references fleet.database (project_id, id)
);
create index on job.target (project_id, run_id);
create index on job.target (project_id, instance_id, started_at);
create unique index target_once on job.target (run_id, instance_id, coalesce(database_id, instance_id));

create table job.step (
    project_id uuid not null,
    target_id  uuid not null,
    name       text not null,
    position   int not null,
    status     text not null check (status in ('WAITING', 'STARTED', 'COMPLETED', 'FAILED', 'STOPPED', 'SKIPPED', 'LOST')),
    figure     text,
    reason     text,
    started_at timestamptz,
    ended_at   timestamptz,
    primary key (target_id, name),
    foreign key (project_id, target_id) references job.target (project_id, id)
);

create table job.log_line (
    seq        bigint generated by default as identity,
    project_id uuid not null,
    run_id     uuid not null,
    target_id  uuid,
    at         timestamptz not null,
    level      text not null check (level in ('INFO', 'WARN', 'ERROR')),
    text       text not null,
    primary key (at, seq)
) partition by range (at);
create index on job.log_line (project_id, run_id, seq);
-- Lines outside of every month's partition are kept all the same.
create table job.log_line_rest partition of job.log_line default;

alter table job.schedule enable row level security;
create policy project on job.schedule
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
alter table job.run enable row level security;
create policy project on job.run
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
alter table job.attempt enable row level security;
create policy project on job.attempt
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
alter table job.target enable row level security;
create policy project on job.target
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
alter table job.step enable row level security;
create policy project on job.step
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
alter table job.log_line enable row level security;
create policy project on job.log_line
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
grant select, insert, update on job.schedule, job.run, job.attempt, job.target to ${app_role};
grant select, insert, update, delete on job.step to ${app_role};
-- No grant on the partitions: reading one directly would pass by the parent's policy.
grant select, insert on job.log_line to ${app_role};
--rollback drop table job.log_line; drop table job.step; drop table job.target; drop table job.attempt; drop table job.run; drop table job.schedule; drop sequence job.fence; drop table job.lease; drop table job.node; drop schema job;

--changeset nightshift:job-2 splitStatements:false
-- The fleet's view of the ledger: ids only; what they stand for is read under their own project.
create function job.due_schedules(most int) returns table (project_id uuid, schedule_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.project_id, s.id from job.schedule s
      join fleet.project p on p.id = s.project_id and p.deleted_at is null
     where s.enabled and s.deleted_at is null and s.next_fire <= now()
     order by s.next_fire limit most
$$;

create function job.waiting_runs(most int) returns table (project_id uuid, run_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.project_id, r.id from job.run r where r.status in ('QUEUED', 'WAITING') order by r.id limit most
$$;

-- Runs whose node's heartbeat is older than dead_after.
create function job.abandoned_runs(dead_after interval) returns table (project_id uuid, run_id uuid, attempt_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.project_id, r.id, a.id
      from job.run r
      join job.attempt a on a.run_id = r.id and a.number = r.attempt
      join job.node n on n.id = a.node_id
     where r.status in ('STARTED', 'STOPPING')
       and (n.stopped_at is not null or n.heartbeat_at < now() - dead_after)
$$;

-- What a node is said to work on: it compares that with what it does work on.
create function job.runs_held_by(node uuid) returns table (project_id uuid, run_id uuid, attempt_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.project_id, r.id, a.id from job.run r join job.attempt a on a.run_id = r.id and a.number = r.attempt
     where r.status in ('STARTED', 'STOPPING') and a.node_id = node
$$;

-- Batch threads know nothing but their attempt's id.
create function job.project_of_attempt(attempt uuid) returns uuid
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select a.project_id from job.attempt a where a.id = attempt $$;

create function job.figures() returns table (project text, job text, status text, runs bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select p.name, r.job, r.status, count(*) from job.run r join fleet.project p on p.id = r.project_id
     group by 1, 2, 3
$$;

create function job.runs_of_node(node uuid) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select count(*) from job.run r join job.attempt a on a.run_id = r.id and a.number = r.attempt
     where r.status in ('STARTED', 'STOPPING') and a.node_id = node
$$;

-- This month's and next month's partitions of the log.
create function job.ensure_log_partitions() returns void
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    month timestamptz;
    partition text;
begin
    perform pg_advisory_xact_lock(hashtextextended('nightshift log partitions', 0));
    for i in 0..1 loop
        month := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => i)) at time zone 'UTC';
        partition := 'log_line_' || to_char(month at time zone 'UTC', 'YYYY_MM');
        if to_regclass('job.' || quote_ident(partition)) is null
           and not exists (select from job.log_line_rest r
                            where r.at >= month and r.at < month + interval '1 month') then
            execute format('create table job.%I partition of job.log_line for values from (%L) to (%L)',
                           partition, month, ((month at time zone 'UTC') + interval '1 month') at time zone 'UTC');
        end if;
    end loop;
end $$;

revoke execute on function job.due_schedules(int), job.waiting_runs(int), job.abandoned_runs(interval), job.project_of_attempt(uuid), job.figures(),
    job.runs_of_node(uuid), job.runs_held_by(uuid), job.ensure_log_partitions() from public;
grant execute on function job.due_schedules(int), job.waiting_runs(int), job.abandoned_runs(interval), job.project_of_attempt(uuid), job.figures(),
    job.runs_of_node(uuid), job.runs_held_by(uuid), job.ensure_log_partitions() to ${app_role};
--rollback drop function job.due_schedules(int); drop function job.waiting_runs(int); drop function job.abandoned_runs(interval); drop function job.project_of_attempt(uuid); drop function job.figures(); drop function job.runs_of_node(uuid); drop function job.runs_held_by(uuid); drop function job.ensure_log_partitions();

--changeset nightshift:job-3
-- What ended within a night, and what has not ended, of all instances at once.
create index target_ended on job.target (project_id, ended_at);
--rollback drop index job.target_ended;

--changeset nightshift:job-4 splitStatements:false
-- What a person started, of all projects: for the export of what is kept of them, and its erasure.
create function job.runs_of_person(person text, most int)
    returns table (project text, run_id uuid, job text, created_at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select p.name, r.id, r.job, r.created_at
      from job.run r join fleet.project p on p.id = r.project_id
     where r.trigger = 'PERSON' and r.triggered_by = person
     order by r.id desc limit most
$$;

create function job.rename_person(person text, pseudonym text) returns void
    language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    update job.run r set triggered_by = pseudonym where r.trigger = 'PERSON' and r.triggered_by = person
$$;
revoke execute on function job.runs_of_person(text, int), job.rename_person(text, text) from public;
grant execute on function job.runs_of_person(text, int), job.rename_person(text, text) to ${app_role};
--rollback drop function job.runs_of_person(text, int); drop function job.rename_person(text, text);

--changeset nightshift:job-5 splitStatements:false
-- What a deleted project still had waiting waits until it is restored.
create or replace function job.waiting_runs(most int) returns table (project_id uuid, run_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.project_id, r.id
      from job.run r join fleet.project p on p.id = r.project_id and p.deleted_at is null
     where r.status in ('QUEUED', 'WAITING') order by r.id limit most
$$;
--rollback create or replace function job.waiting_runs(most int) returns table (project_id uuid, run_id uuid) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select r.project_id, r.id from job.run r where r.status in ('QUEUED', 'WAITING') order by r.id limit most $$;

--changeset nightshift:job-6
-- A target may be the project itself: what is done once for all that is in it. It has no instance, and no database.
alter table job.target
    alter column instance_id drop not null,
    add constraint target_aim check (instance_id is not null or database_id is null);
create unique index target_project on job.target (run_id) where instance_id is null;
create index target_database on job.target (project_id, database_id);
alter table job.run drop constraint run_trigger_check,
    add constraint run_trigger_check check (trigger in ('PERSON', 'KEY', 'SCHEDULE', 'START', 'RETENTION'));
--rollback delete from job.step s using job.target t where t.id = s.target_id and t.instance_id is null; delete from job.target where instance_id is null; update job.run set trigger = 'START' where trigger = 'RETENTION';
--rollback alter table job.run drop constraint run_trigger_check, add constraint run_trigger_check check (trigger in ('PERSON', 'KEY', 'SCHEDULE', 'START'));
--rollback drop index job.target_database; drop index job.target_project; alter table job.target drop constraint target_aim, alter column instance_id set not null;

--changeset nightshift:job-7 splitStatements:false rollbackSplitStatements:false
-- The ends of what is kept for a time: each forgets some of the transaction's own project, the oldest first, and answers how
-- many. The application's role deletes nothing by itself, and nothing that is younger than the shortest retention.
create index run_ended on job.run (project_id, ended_at) where ended_at is not null;
create index log_line_age on job.log_line (project_id, at);
create index step_project on job.step (project_id);
create index attempt_node on job.attempt (node_id);

-- Held runs stay: those that a kept backup or proof names.
create function job.forget_runs(before timestamptz, held uuid[], most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project uuid := tenancy.current_project();
    runs uuid[];
begin
    -- As many as have some targets together; one at least.
    select array_agg(counted.id) into runs
      from (select old.id, sum(old.targets) over (order by old.ended_at, old.id) - old.targets as before_it
              from (select r.id, r.ended_at,
                           (select count(*) from job.target t where t.project_id = project and t.run_id = r.id) as targets
                      from job.run r
                     where r.project_id = project and r.ended_at < least(before, now() - interval '7 days')
                       and r.status not in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')
                       and r.id <> all (held)
                     order by r.ended_at limit least(most, 200) for update skip locked) old) counted
     where counted.before_it < most;
    delete from job.log_line l where l.project_id = project and l.run_id = any (runs);
    delete from job.step s using job.target t
     where t.project_id = s.project_id and t.id = s.target_id and t.project_id = project and t.run_id = any (runs);
    delete from job.target t where t.project_id = project and t.run_id = any (runs);
    delete from job.attempt a where a.run_id = any (runs);
    delete from job.run r where r.id = any (runs);
    return coalesce(cardinality(runs), 0);
end $$;

create function job.forget_log(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from job.log_line l
     using (select o.at, o.seq from job.log_line o
             where o.project_id = tenancy.current_project() and o.at < least(before, now() - interval '1 day')
             order by o.at limit most) old
     where l.at = old.at and l.seq = old.seq;
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;

-- Deleted schedules that no run names any more.
create function job.forget_schedules(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from job.schedule s
     where s.id in (select o.id from job.schedule o
                     where o.project_id = tenancy.current_project() and o.deleted_at < least(before, now() - interval '30 days')
                       and not exists (select from job.run r where r.schedule_id = o.id)
                     order by o.deleted_at limit most);
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;

-- Months of the log that are over and empty. It gives up where somebody reads the log for long: all writers would wait behind it.
create function job.drop_empty_log_partitions() returns void
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set lock_timeout = '1s'
as $$
declare
    partition text;
    month text := 'log_line_' || to_char(now() at time zone 'UTC', 'YYYY_MM');
    used boolean;
begin
    perform pg_advisory_xact_lock(hashtextextended('nightshift log partitions', 0));
    for partition in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'job.log_line'::regclass and c.relname ~ '^log_line_\d{4}_\d{2}$' and c.relname < month
    loop
        execute format('select exists (select from job.%I)', partition) into used;
        if not used then
            execute format('drop table job.%I', partition);
        end if;
    end loop;
end $$;

-- Nodes that are no more and that no attempt names any more.
create function job.forget_nodes(before timestamptz) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from job.node n
     where n.heartbeat_at < least(before, now() - interval '7 days')
       and not exists (select from job.attempt a where a.node_id = n.id)
       and not exists (select from job.lease l where l.node_id = n.id);
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;
revoke execute on function job.forget_runs(timestamptz, uuid[], int), job.forget_log(timestamptz, int),
    job.forget_schedules(timestamptz, int), job.drop_empty_log_partitions(), job.forget_nodes(timestamptz) from public;
grant execute on function job.forget_runs(timestamptz, uuid[], int), job.forget_log(timestamptz, int),
    job.forget_schedules(timestamptz, int), job.drop_empty_log_partitions(), job.forget_nodes(timestamptz) to ${app_role};
--rollback drop function job.forget_runs(timestamptz, uuid[], int); drop function job.forget_log(timestamptz, int); drop function job.forget_schedules(timestamptz, int); drop function job.drop_empty_log_partitions(); drop function job.forget_nodes(timestamptz); drop index job.run_ended; drop index job.log_line_age; drop index job.step_project; drop index job.attempt_node;

--changeset nightshift:job-8 splitStatements:false rollbackSplitStatements:false
-- What waits, in turns: of each project its oldest, first where the least is under way; none of a project that has as many runs
-- under way as it may.
create function job.waiting_turns() returns table (project_id uuid, run_id uuid, busy bigint, turn bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.project_id, r.id, coalesce(b.runs, 0),
           coalesce(b.runs, 0) + row_number() over (partition by r.project_id order by r.id)
      from job.run r
      join fleet.project p on p.id = r.project_id and p.deleted_at is null
      left join (select o.project_id, count(*) as runs from job.run o where o.status in ('STARTED', 'STOPPING') group by 1) b
        on b.project_id = r.project_id
     where r.status in ('QUEUED', 'WAITING')
$$;

drop function job.waiting_runs(int);
create function job.waiting_runs(most int, per_project int) returns table (project_id uuid, run_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select w.project_id, w.run_id from job.waiting_turns() w where w.turn <= per_project order by w.turn, w.run_id limit most
$$;

-- Says of runs that wait for others of their project that they do.
create function job.hold_back(per_project int) returns table (project_id uuid, run_id uuid)
    language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    update job.run r
       set status = 'WAITING', reason = 'The project has ' || per_project || ' runs under way, as many as it may have at once.'
      from job.waiting_turns() w
     where w.run_id = r.id and w.busy >= per_project and r.status = 'QUEUED'
    returning r.project_id, r.id
$$;
revoke execute on function job.waiting_turns(), job.waiting_runs(int, int), job.hold_back(int) from public;
grant execute on function job.waiting_runs(int, int), job.hold_back(int) to ${app_role};
--rollback drop function job.hold_back(int); drop function job.waiting_runs(int, int); drop function job.waiting_turns();
--rollback create function job.waiting_runs(most int) returns table (project_id uuid, run_id uuid) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select r.project_id, r.id from job.run r join fleet.project p on p.id = r.project_id and p.deleted_at is null where r.status in ('QUEUED', 'WAITING') order by r.id limit most $$; revoke execute on function job.waiting_runs(int) from public; grant execute on function job.waiting_runs(int) to ${app_role};

--changeset nightshift:job-9
-- What a schedule does about fires that were missed, runs that are not over and days that it leaves out; after which job it
-- starts, where it has no times; its pause, and that of its project and of the whole fleet.
alter table job.schedule
    alter column cron drop not null,
    add column misfire text not null default 'ONCE' check (misfire in ('SKIP', 'ONCE', 'ALL')),
    add column overlap text not null default 'SKIP' check (overlap in ('SKIP', 'QUEUE', 'ALLOW')),
    add column except_days text[] not null default '{}' check (array_position(except_days, null) is null),
    add column after_job text,
    add column paused_since timestamptz,
    add column paused_until timestamptz,
    add column paused_by text,
    add column paused_why text,
    add constraint schedule_start check ((cron is null) <> (after_job is null));
create index schedule_after on job.schedule (project_id, after_job) where after_job is not null and deleted_at is null;

create table job.pause (
    project_id   uuid primary key references fleet.project (id),
    paused_since timestamptz not null,
    paused_until timestamptz,
    paused_by    text not null,
    paused_why   text not null
);
create table job.fleet_pause (
    one          boolean primary key default true check (one),
    paused_since timestamptz not null,
    paused_until timestamptz,
    paused_by    text not null,
    paused_why   text not null
);

-- From and to are what the clock on the wall shows; one that comes every year leaves its years out of account.
create table job.blackout (
    id         uuid primary key,
    project_id uuid not null references fleet.project (id),
    name       text not null check (length(name) between 1 and 100),
    starts     timestamp not null,
    ends       timestamp not null,
    zone       text not null,
    yearly     boolean not null default false,
    jobs       text[] not null default '{}' check (array_position(jobs, null) is null),
    created_by text not null,
    created_at timestamptz not null default now(),
    unique (project_id, id),
    unique (project_id, name),
    check (ends > starts)
);

-- Ends of runs that schedules wait for: written with the end, taken with the run that follows.
create table job.follow (
    project_id  uuid not null,
    schedule_id uuid not null,
    run_id      uuid not null,
    attempt     int not null,
    databases   text[] not null,
    created_at  timestamptz not null default now(),
    primary key (schedule_id, run_id, attempt),
    foreign key (project_id, schedule_id) references job.schedule (project_id, id)
);
create index on job.follow (project_id, schedule_id);

alter table job.pause enable row level security;
create policy project on job.pause
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
alter table job.blackout enable row level security;
create policy project on job.blackout
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
alter table job.follow enable row level security;
create policy project on job.follow
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
grant select, insert, update on job.pause, job.fleet_pause to ${app_role};
grant select, insert, update, delete on job.blackout to ${app_role};
grant select, insert, delete on job.follow to ${app_role};

-- A run that waits until the earlier ones of its schedule are over.
-- Up to which attempt what it has done was told to schedules that follow.
alter table job.run
    add column queues boolean not null default false,
    add column told_attempt int not null default 0;
create index run_of_schedule_open on job.run (schedule_id)
    where schedule_id is not null and status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING');
-- Where a run stands in the calendar.
create index run_calendar on job.run (project_id, fire_at) where fire_at is not null;
--rollback drop index job.run_calendar; drop index job.run_of_schedule_open; alter table job.run drop column queues, drop column told_attempt;
--rollback drop table job.follow; drop table job.blackout; drop table job.fleet_pause; drop table job.pause;
--rollback alter table job.schedule drop constraint schedule_start;
--rollback update job.schedule set cron = '0 0 1 1 *', enabled = false, next_fire = null where cron is null;
--rollback alter table job.schedule drop column misfire, drop column overlap, drop column except_days, drop column after_job, drop column paused_since, drop column paused_until, drop column paused_by, drop column paused_why, alter column cron set not null;

--changeset nightshift:job-10 splitStatements:false rollbackSplitStatements:false
-- What is due: times that have come, paused or not, because a pause takes them away one by one; and ends of runs that a schedule
-- waits for, unless it waits for the end of its own run.
drop function job.due_schedules(int);
create function job.due_schedules(most int) returns table (project_id uuid, schedule_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select due.project_id, due.id
      from (select s.project_id, s.id, s.next_fire as at
              from job.schedule s
             where s.enabled and s.deleted_at is null and s.next_fire <= now()
            union all
            select f.project_id, f.schedule_id, min(f.created_at)
              from job.follow f join job.schedule s on s.id = f.schedule_id
             where not (s.overlap = 'SKIP'
                        and exists (select from job.run r
                                     where r.schedule_id = s.id and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')))
             group by 1, 2) due
      join fleet.project p on p.id = due.project_id and p.deleted_at is null
     order by due.at limit most
$$;

create or replace function job.waiting_turns() returns table (project_id uuid, run_id uuid, busy bigint, turn bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.project_id, r.id, coalesce(b.runs, 0),
           coalesce(b.runs, 0) + row_number() over (partition by r.project_id order by r.id)
      from job.run r
      join fleet.project p on p.id = r.project_id and p.deleted_at is null
      left join (select o.project_id, count(*) as runs from job.run o where o.status in ('STARTED', 'STOPPING') group by 1) b
        on b.project_id = r.project_id
     where r.status in ('QUEUED', 'WAITING')
       and not (r.queues and exists (select from job.run o
                                      where o.schedule_id = r.schedule_id and o.fire_at < r.fire_at
                                        and o.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')))
$$;

revoke execute on function job.due_schedules(int) from public;
grant execute on function job.due_schedules(int) to ${app_role};
--rollback drop function job.due_schedules(int); create function job.due_schedules(most int) returns table (project_id uuid, schedule_id uuid) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select s.project_id, s.id from job.schedule s join fleet.project p on p.id = s.project_id and p.deleted_at is null where s.enabled and s.deleted_at is null and s.next_fire <= now() order by s.next_fire limit most $$; revoke execute on function job.due_schedules(int) from public; grant execute on function job.due_schedules(int) to ${app_role};
--rollback create or replace function job.waiting_turns() returns table (project_id uuid, run_id uuid, busy bigint, turn bigint) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select r.project_id, r.id, coalesce(b.runs, 0), coalesce(b.runs, 0) + row_number() over (partition by r.project_id order by r.id) from job.run r join fleet.project p on p.id = r.project_id and p.deleted_at is null left join (select o.project_id, count(*) as runs from job.run o where o.status in ('STARTED', 'STOPPING') group by 1) b on b.project_id = r.project_id where r.status in ('QUEUED', 'WAITING') $$;

--changeset nightshift:job-11 splitStatements:false rollbackSplitStatements:false
-- A run that waits for a maintenance window is looked at again no sooner than then.
alter table job.run add column not_before timestamptz;
-- A target of a run under way whose window is closed: the run goes on with it when that opens.
alter table job.target add column held_until timestamptz;

-- As before; it also takes the word of those whose window has opened meanwhile.
create or replace function job.hold_back(per_project int) returns table (project_id uuid, run_id uuid)
    language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    update job.run r
       set status = 'WAITING', not_before = null,
           reason = 'The project has ' || per_project || ' runs under way, as many as it may have at once.'
      from job.waiting_turns() w
     where w.run_id = r.id and w.busy >= per_project
       and (r.status = 'QUEUED' or (r.status = 'WAITING' and r.not_before is not null))
    returning r.project_id, r.id
$$;
create or replace function job.waiting_turns() returns table (project_id uuid, run_id uuid, busy bigint, turn bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.project_id, r.id, coalesce(b.runs, 0),
           coalesce(b.runs, 0) + row_number() over (partition by r.project_id order by r.id)
      from job.run r
      join fleet.project p on p.id = r.project_id and p.deleted_at is null
      left join (select o.project_id, count(*) as runs from job.run o where o.status in ('STARTED', 'STOPPING') group by 1) b
        on b.project_id = r.project_id
     where r.status in ('QUEUED', 'WAITING') and (r.not_before is null or r.not_before <= now())
       and not (r.queues and exists (select from job.run o
                                      where o.schedule_id = r.schedule_id and o.fire_at < r.fire_at
                                        and o.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')))
$$;
--rollback create or replace function job.waiting_turns() returns table (project_id uuid, run_id uuid, busy bigint, turn bigint) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select r.project_id, r.id, coalesce(b.runs, 0), coalesce(b.runs, 0) + row_number() over (partition by r.project_id order by r.id) from job.run r join fleet.project p on p.id = r.project_id and p.deleted_at is null left join (select o.project_id, count(*) as runs from job.run o where o.status in ('STARTED', 'STOPPING') group by 1) b on b.project_id = r.project_id where r.status in ('QUEUED', 'WAITING') and not (r.queues and exists (select from job.run o where o.schedule_id = r.schedule_id and o.fire_at < r.fire_at and o.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING'))) $$;
--rollback create or replace function job.hold_back(per_project int) returns table (project_id uuid, run_id uuid) language sql volatile security definer set search_path = pg_catalog, pg_temp as $$ update job.run r set status = 'WAITING', reason = 'The project has ' || per_project || ' runs under way, as many as it may have at once.' from job.waiting_turns() w where w.run_id = r.id and w.busy >= per_project and r.status = 'QUEUED' returning r.project_id, r.id $$;
--rollback alter table job.target drop column held_until; alter table job.run drop column not_before;

--changeset nightshift:job-12 splitStatements:false rollbackSplitStatements:false
-- What people paused, and the blackouts that they made, are theirs as the runs are that they started.
create or replace function job.rename_person(person text, pseudonym text) returns void
    language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    update job.run r set triggered_by = pseudonym where r.trigger = 'PERSON' and r.triggered_by = person;
    update job.schedule s set paused_by = pseudonym where s.paused_by = person;
    update job.pause p set paused_by = pseudonym where p.paused_by = person;
    update job.fleet_pause p set paused_by = pseudonym where p.paused_by = person;
    update job.blackout b set created_by = pseudonym where b.created_by = person;
$$;

create function job.pauses_of_person(person text, most int) returns table (project text, what text, since timestamptz, why text)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select * from (
        select p.name, 'schedule ' || s.name, s.paused_since, s.paused_why
          from job.schedule s join fleet.project p on p.id = s.project_id where s.paused_by = person
        union all
        select p.name, 'project', x.paused_since, x.paused_why
          from job.pause x join fleet.project p on p.id = x.project_id where x.paused_by = person
        union all
        select null, 'fleet', x.paused_since, x.paused_why from job.fleet_pause x where x.paused_by = person
        union all
        select p.name, 'blackout', b.created_at, b.name
          from job.blackout b join fleet.project p on p.id = b.project_id where b.created_by = person) his
     order by 3 desc limit most
$$;
revoke execute on function job.pauses_of_person(text, int) from public;
grant execute on function job.pauses_of_person(text, int) to ${app_role};
--rollback drop function job.pauses_of_person(text, int);
--rollback create or replace function job.rename_person(person text, pseudonym text) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$ update job.run r set triggered_by = pseudonym where r.trigger = 'PERSON' and r.triggered_by = person $$;

--changeset nightshift:job-30 splitStatements:false rollbackSplitStatements:false
-- Lists of runs by what people look for, the newest first: each index ends with the id, which is the order of the pages.
create index run_status on job.run (project_id, status, id);
create index run_job_status on job.run (project_id, job, status, id);
drop index job.run_figures;
create index run_trigger on job.run (project_id, trigger, id);
create index run_schedule on job.run (project_id, schedule_id, id) where schedule_id is not null;
create index run_by_hand on job.run (project_id, job, id) where trigger in ('PERSON', 'KEY');
-- The words that were asked for, names, tags and *, for whoever asks for the same again.
alter table job.run add column asked text[];

-- Which runs aim at a database. An index on the targets' arrays would find them, but not in the order of the pages.
create table job.run_database (
    project_id uuid not null,
    name       text not null,
    run_id     uuid not null,
    primary key (project_id, name, run_id),
    foreign key (project_id, run_id) references job.run (project_id, id)
);
create index run_database_run on job.run_database (project_id, run_id);
alter table job.run_database enable row level security;
create policy project on job.run_database
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
grant select on job.run_database to ${app_role};

create function job.name_databases() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into job.run_database (project_id, name, run_id)
    select distinct a.project_id, each.name, a.run_id from added a, unnest(a.database_names) as each (name)
    on conflict do nothing;
    return null;
end $$;
revoke execute on function job.name_databases() from public;
insert into job.run_database (project_id, name, run_id)
select distinct t.project_id, each.name, t.run_id from job.target t, unnest(t.database_names) as each (name);
create trigger names_databases after insert on job.target referencing new table as added
    for each statement execute function job.name_databases();
--rollback alter table job.run drop column asked; drop trigger names_databases on job.target; drop function job.name_databases(); drop table job.run_database; drop index job.run_status; drop index job.run_job_status; create index run_figures on job.run (project_id, job, status); drop index job.run_trigger; drop index job.run_schedule; drop index job.run_by_hand;

--changeset nightshift:job-31 splitStatements:false rollbackSplitStatements:false
-- How long the same job took on the same thing before. The target says both itself, so that one index finds the last ones: under
-- row level security no index is asked for coalesce(…).
alter table job.target add column job text, add column aim uuid;
update job.target t set job = r.job, aim = coalesce(t.database_id, t.instance_id, t.project_id)
  from job.run r where r.project_id = t.project_id and r.id = t.run_id;
create function job.name_aim() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    new.job := (select r.job from job.run r where r.project_id = new.project_id and r.id = new.run_id);
    new.aim := coalesce(new.database_id, new.instance_id, new.project_id);
    return new;
end $$;
revoke execute on function job.name_aim() from public;
create trigger names_aim before insert on job.target for each row execute function job.name_aim();
create index target_usual on job.target (project_id, job, aim, id)
    where status = 'COMPLETED' and attempt = 1;
--rollback drop index job.target_usual; drop trigger names_aim on job.target; drop function job.name_aim(); alter table job.target drop column job, drop column aim;

--changeset nightshift:job-32
-- How many lines a run's log has, and how many were left out because it had so many. Not in job.run: each line would lock it.
create table job.log_count (
    run_id     uuid primary key,
    project_id uuid not null,
    lines      bigint not null,
    dropped    bigint not null
);
alter table job.log_count enable row level security;
create policy project on job.log_count
    using (project_id = (select tenancy.current_project())) with check (project_id = (select tenancy.current_project()));
grant select, insert, update on job.log_count to ${app_role};
--rollback drop table job.log_count;

--changeset nightshift:job-33 splitStatements:false rollbackSplitStatements:false
-- The last runs of each job stay, however old they are: somebody who looks for them finds how it went.
alter table fleet.project add column keep_runs int not null default 20 check (keep_runs between 0 and 1000);

create or replace function job.forget_runs(before timestamptz, held uuid[], most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project uuid := tenancy.current_project();
    kept int;
    runs uuid[];
begin
    select p.keep_runs into kept from fleet.project p where p.id = project;
    -- As many as have some targets together; one at least.
    with recursive jobs (job) as (
        -- From one job to the next along the index, not by all runs.
        (select r.job from job.run r where r.project_id = project order by r.job limit 1)
        union all
        select (select r.job from job.run r where r.project_id = project and r.job > j.job order by r.job limit 1)
          from jobs j where j.job is not null
    ), oldest (job, id) as (
        select j.job, (select r.id from job.run r where r.project_id = project and r.job = j.job and r.started_at is not null
                       order by r.id desc offset greatest(kept, 1) - 1 limit 1)
          from jobs j where j.job is not null and kept > 0
    )
    select array_agg(counted.id) into runs
      from (select old.id, sum(old.targets) over (order by old.ended_at, old.id) - old.targets as before_it
              from (select r.id, r.ended_at,
                           (select count(*) from job.target t where t.project_id = project and t.run_id = r.id) as targets
                      from job.run r
                     where r.project_id = project and r.ended_at < least(before, now() - interval '7 days')
                       and r.status not in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')
                       and r.id <> all (held)
                       and (kept = 0 or r.id < (select o.id from oldest o where o.job = r.job))
                     order by r.ended_at limit least(most, 200) for update of r skip locked) old) counted
     where counted.before_it < most;
    delete from job.log_line l where l.project_id = project and l.run_id = any (runs);
    delete from job.log_count c where c.run_id = any (runs);
    delete from job.run_database d where d.project_id = project and d.run_id = any (runs);
    delete from job.step s using job.target t
     where t.project_id = s.project_id and t.id = s.target_id and t.project_id = project and t.run_id = any (runs);
    delete from job.target t where t.project_id = project and t.run_id = any (runs);
    delete from job.attempt a where a.run_id = any (runs);
    delete from job.run r where r.id = any (runs);
    return coalesce(cardinality(runs), 0);
end $$;
--rollback create or replace function job.forget_runs(before timestamptz, held uuid[], most int) returns bigint language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$ declare project uuid := tenancy.current_project(); runs uuid[]; begin select array_agg(counted.id) into runs from (select old.id, sum(old.targets) over (order by old.ended_at, old.id) - old.targets as before_it from (select r.id, r.ended_at, (select count(*) from job.target t where t.project_id = project and t.run_id = r.id) as targets from job.run r where r.project_id = project and r.ended_at < least(before, now() - interval '7 days') and r.status not in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING') and r.id <> all (held) order by r.ended_at limit least(most, 200) for update skip locked) old) counted where counted.before_it < most; delete from job.log_line l where l.project_id = project and l.run_id = any (runs); delete from job.step s using job.target t where t.project_id = s.project_id and t.id = s.target_id and t.project_id = project and t.run_id = any (runs); delete from job.target t where t.project_id = project and t.run_id = any (runs); delete from job.attempt a where a.run_id = any (runs); delete from job.run r where r.id = any (runs); return coalesce(cardinality(runs), 0); end $$; alter table fleet.project drop column keep_runs;

--changeset nightshift:job-50 splitStatements:false rollbackSplitStatements:false
-- Why an attempt was made, and which person or key asked for a retry; of attempts older than this nobody knows.
alter table job.run
    add column attempt_cause text not null default 'FIRST' check (attempt_cause in ('FIRST', 'RECOVERY', 'RETRY', 'WINDOW')),
    add column attempt_by text;
update job.run set attempt_cause = 'RECOVERY' where attempt > 1 and status in ('QUEUED', 'WAITING');
alter table job.attempt
    add column cause text check (cause in ('FIRST', 'RECOVERY', 'RETRY', 'WINDOW')),
    add column caused_by text;
update job.attempt set cause = 'FIRST' where number = 1;

create or replace function job.rename_person(person text, pseudonym text) returns void
    language sql volatile security definer set search_path = pg_catalog, pg_temp
as $$
    update job.run r set triggered_by = pseudonym where r.trigger = 'PERSON' and r.triggered_by = person;
    update job.schedule s set paused_by = pseudonym where s.paused_by = person;
    update job.pause p set paused_by = pseudonym where p.paused_by = person;
    update job.fleet_pause p set paused_by = pseudonym where p.paused_by = person;
    update job.blackout b set created_by = pseudonym where b.created_by = person;
    update job.run r set attempt_by = pseudonym where r.attempt_by = person;
    update job.attempt a set caused_by = pseudonym where a.caused_by = person;
    update job.run r set reason = 'Declared dead by ' || pseudonym || substr(r.reason, length('Declared dead by ' || person) + 1)
     where starts_with(r.reason, 'Declared dead by ' || person || ': ');
$$;
--rollback create or replace function job.rename_person(person text, pseudonym text) returns void language sql volatile security definer set search_path = pg_catalog, pg_temp as $$ update job.run r set triggered_by = pseudonym where r.trigger = 'PERSON' and r.triggered_by = person; update job.schedule s set paused_by = pseudonym where s.paused_by = person; update job.pause p set paused_by = pseudonym where p.paused_by = person; update job.fleet_pause p set paused_by = pseudonym where p.paused_by = person; update job.blackout b set created_by = pseudonym where b.created_by = person; $$;
--rollback alter table job.attempt drop column cause, drop column caused_by; alter table job.run drop column attempt_cause, drop column attempt_by;

--changeset nightshift:job-51 splitStatements:false rollbackSplitStatements:false
-- How a node is, as it says itself with its heartbeat; how far its clock is ahead of the database's; whether it was asked to
-- drain. A new start is a new node, so nobody asked it.
alter table job.node
    add column system_load double precision,
    add column heap_used bigint,
    add column heap_max bigint,
    add column clock_offset_millis bigint,
    add column drain_asked boolean not null default false;

create function job.targets_of_node(node uuid) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select count(*) from job.run r
      join job.attempt a on a.project_id = r.project_id and a.run_id = r.id and a.number = r.attempt
      join job.target t on t.project_id = r.project_id and t.run_id = r.id
     where r.status in ('STARTED', 'STOPPING') and a.node_id = node and t.status = 'STARTED'
$$;
revoke execute on function job.targets_of_node(uuid) from public;
grant execute on function job.targets_of_node(uuid) to ${app_role};
--rollback drop function job.targets_of_node(uuid); alter table job.node drop column system_load, drop column heap_used, drop column heap_max, drop column clock_offset_millis, drop column drain_asked;

--changeset nightshift:job-52 splitStatements:false rollbackSplitStatements:false
-- What Nightshift finds about itself: ids of what may stand still, which is judged under its own project. A schedule that is
-- paused, or was just now, is not late.
create function job.overdue_schedules(by interval) returns table (project_id uuid, schedule_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select s.project_id, s.id from job.schedule s
      join fleet.project p on p.id = s.project_id and p.deleted_at is null
     where s.enabled and s.deleted_at is null and s.next_fire < now() - by
       and not coalesce(s.paused_since <= now() and coalesce(s.paused_until > now() - by, true), false)
       and not exists (select from job.pause p
                        where p.project_id = s.project_id and p.paused_since <= now()
                          and coalesce(p.paused_until > now() - by, true))
       and not exists (select from job.fleet_pause p
                        where p.paused_since <= now() and coalesce(p.paused_until > now() - by, true))
$$;

-- Nodes that fell silent without signing off, with each project that had a run on one then. One that was started again, by its
-- name, is not missed any more.
create function job.lost_nodes(dead_after interval) returns table (project_id uuid, node_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct a.project_id, n.id
      from job.node n
      join job.attempt a on a.node_id = n.id and (a.ended_at is null or a.ended_at >= n.heartbeat_at)
      join fleet.project p on p.id = a.project_id and p.deleted_at is null
     where n.stopped_at is null and n.heartbeat_at < now() - dead_after and n.heartbeat_at > now() - interval '1 day'
       and not exists (select from job.node s
                        where s.name = n.name and s.id <> n.id and s.stopped_at is null
                          and s.heartbeat_at > now() - dead_after)
$$;

-- Runs under way of which nothing has moved for so long: no progress, no step that began or ended, no target that did. One
-- all of whose started targets wait for other runs stands still because of them; a session that nobody knows, which still holds a
-- lock on the server, is no run.
create function job.still_runs(since interval) returns table (project_id uuid, run_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select r.project_id, r.id
      from job.run r
      join job.attempt a on a.project_id = r.project_id and a.run_id = r.id and a.number = r.attempt
     where r.status in ('STARTED', 'STOPPING') and a.created_at < now() - since
       and not exists (select from job.target t left join job.step s on s.project_id = t.project_id and s.target_id = t.id
                        where t.project_id = r.project_id and t.run_id = r.id
                          and greatest(t.progress_at, t.started_at, t.ended_at, s.started_at, s.ended_at) >= now() - since)
       and (not exists (select from job.target t
                         where t.project_id = r.project_id and t.run_id = r.id and t.status = 'STARTED')
            or exists (select from job.target t
                        where t.project_id = r.project_id and t.run_id = r.id and t.status = 'STARTED'
                          and (t.reason is null or t.reason like 'Waits for another Nightshift%')))
$$;

-- What the open findings of one kind are about, where their fingerprint is the kind and an id.
create function job.found_open(kind text) returns table (project_id uuid, id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select f.project_id, substr(f.fingerprint, length(kind) + 2)::uuid
      from finding.finding f
      join fleet.project p on p.id = f.project_id and p.deleted_at is null
     where f.state = 'OPEN' and starts_with(f.fingerprint, kind || ':')
$$;
revoke execute on function job.overdue_schedules(interval), job.lost_nodes(interval), job.still_runs(interval),
    job.found_open(text) from public;
grant execute on function job.overdue_schedules(interval), job.lost_nodes(interval), job.still_runs(interval),
    job.found_open(text) to ${app_role};
--rollback drop function job.overdue_schedules(interval); drop function job.lost_nodes(interval); drop function job.still_runs(interval); drop function job.found_open(text);

--changeset nightshift:job-13 splitStatements:false rollbackSplitStatements:false
-- Kinds of work that must not meet on one server: a lease says which server it is for, what it does there and what it keeps
-- apart from. Who waits is written down, so that a long one is not passed for ever by many short ones.
alter table job.lease
    add column instance_id uuid,
    add column work text,
    add column apart text[] not null default '{}';
create index lease_instance on job.lease (instance_id) where instance_id is not null;

create table job.lease_wait (
    node_id     uuid not null references job.node (id) on delete cascade,
    holder      uuid not null,
    instance_id uuid not null,
    work        text not null,
    apart       text[] not null,
    since       timestamptz not null,
    until       timestamptz not null,
    primary key (holder, node_id)
);
create index lease_wait_instance on job.lease_wait (instance_id);
grant select, insert, update, delete on job.lease_wait to ${app_role};

-- Takes a lease, or says whose work is in the way. Of those who keep apart from each other on a server, whoever asked first is
-- first; who does not ask again within the time of a look loses its place.
create function job.acquire_lease(
    p_resource text, p_node uuid, p_holder uuid, p_term interval, p_instance uuid, p_work text, p_apart text[], p_look interval,
    out fence bigint, out blocker uuid, out blocker_waits boolean)
    language plpgsql volatile set search_path = pg_catalog, pg_temp set lock_timeout = '5s'
as $$
declare
    my_since timestamptz;
begin
    if p_instance is not null then
        perform pg_advisory_xact_lock(hashtextextended('nightshift server ' || p_instance, 0));
        delete from job.lease_wait w where w.instance_id = p_instance and w.until < clock_timestamp();
        select w.since into my_since from job.lease_wait w where w.holder = p_holder and w.node_id = p_node;
        -- Whoever has the lease and did not hear so asks again
        if not exists (select from job.lease l
                        where l.resource = p_resource and l.holder = p_holder and l.node_id = p_node
                          and l.until >= clock_timestamp()) then
            select l.holder, false into blocker, blocker_waits from job.lease l
             where l.instance_id = p_instance and l.holder <> p_holder and l.until >= clock_timestamp()
               and (l.work = any (p_apart) or p_work = any (l.apart))
             order by l.fence limit 1;
            if blocker is null then
                select w.holder, true into blocker, blocker_waits from job.lease_wait w
                 where w.instance_id = p_instance and w.holder <> p_holder and (my_since is null or w.since < my_since)
                   and (w.work = any (p_apart) or p_work = any (w.apart))
                 order by w.since limit 1;
            end if;
        end if;
    end if;
    if blocker is null then
        insert into job.lease as l (resource, node_id, fence, holder, until, instance_id, work, apart)
        values (p_resource, p_node, nextval('job.fence'), p_holder, clock_timestamp() + p_term, p_instance, p_work, p_apart)
        on conflict (resource) do update
           set node_id = excluded.node_id, fence = excluded.fence, holder = excluded.holder, until = excluded.until,
               instance_id = excluded.instance_id, work = excluded.work, apart = excluded.apart
         where l.until < clock_timestamp() or l.holder = excluded.holder and l.node_id = excluded.node_id
        returning l.fence into fence;
        if fence is null then
            select l.holder, false into blocker, blocker_waits from job.lease l where l.resource = p_resource;
        end if;
    end if;
    if p_instance is null then
        return;
    elsif fence is not null then
        delete from job.lease_wait w where w.holder = p_holder and w.node_id = p_node;
    else
        insert into job.lease_wait as w (node_id, holder, instance_id, work, apart, since, until)
        values (p_node, p_holder, p_instance, p_work, p_apart, clock_timestamp(), clock_timestamp() + p_look)
        on conflict (holder, node_id) do update set until = excluded.until, work = excluded.work, apart = excluded.apart;
    end if;
end $$;
revoke execute on function job.acquire_lease(text, uuid, uuid, interval, uuid, text, text[], interval) from public;
grant execute on function job.acquire_lease(text, uuid, uuid, interval, uuid, text, text[], interval) to ${app_role};

-- What a target was put back for, while others of its run go on
alter table job.target add column held_for text check (held_for in ('WINDOW', 'LOCK'));
update job.target set held_for = 'WINDOW' where held_until is not null;
alter table job.run drop constraint run_attempt_cause_check,
    add constraint run_attempt_cause_check check (attempt_cause in ('FIRST', 'RECOVERY', 'RETRY', 'WINDOW', 'LOCK'));
alter table job.attempt drop constraint attempt_cause_check,
    add constraint attempt_cause_check check (cause in ('FIRST', 'RECOVERY', 'RETRY', 'WINDOW', 'LOCK'));
--rollback update job.run set attempt_cause = 'WINDOW' where attempt_cause = 'LOCK'; update job.attempt set cause = 'WINDOW' where cause = 'LOCK';
--rollback alter table job.attempt drop constraint attempt_cause_check, add constraint attempt_cause_check check (cause in ('FIRST', 'RECOVERY', 'RETRY', 'WINDOW'));
--rollback alter table job.run drop constraint run_attempt_cause_check, add constraint run_attempt_cause_check check (attempt_cause in ('FIRST', 'RECOVERY', 'RETRY', 'WINDOW'));
--rollback alter table job.target drop column held_for;
--rollback drop function job.acquire_lease(text, uuid, uuid, interval, uuid, text, text[], interval); drop table job.lease_wait; drop index job.lease_instance; alter table job.lease drop column instance_id, drop column work, drop column apart;

--changeset nightshift:job-15 splitStatements:false rollbackSplitStatements:false
-- All that a run works on as one value: how long it took says something about those alone that work on the same. Older runs than
-- some weeks get none; nobody compares with them.
create function job.aims(aims uuid[]) returns uuid
    language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select md5(string_agg(each.aim::text, ' ' order by each.aim))::uuid from unnest(aims) as each (aim)
$$;
revoke execute on function job.aims(uuid[]) from public;
grant execute on function job.aims(uuid[]) to ${app_role};
alter table job.run add column aims uuid;
update job.run r
   set aims = (select job.aims(array_agg(t.aim)) from job.target t where t.project_id = r.project_id and t.run_id = r.id)
 where r.created_at > now() - interval '60 days';
create index run_usual on job.run (project_id, job, aims, id) where status = 'COMPLETED' and attempt = 1;
--rollback drop index job.run_usual; alter table job.run drop column aims; drop function job.aims(uuid[]);

--changeset nightshift:job-16 splitStatements:false rollbackSplitStatements:false
-- What a person did to runs, of all projects: those that they started, as the ledger has it, and those that they stopped,
-- restarted or declared dead, as the audit has it.
create function job.deeds_of_person(person text, most int)
    returns table (project text, run_id uuid, job text, did text, at timestamptz)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select * from (
        (select p.name, r.id, r.job, 'start', r.created_at
           from job.run r join fleet.project p on p.id = r.project_id
          where r.trigger = 'PERSON' and r.triggered_by = person
          order by r.id desc limit most)
        union all
        (select p.name, substr(e.object, 5)::uuid, coalesce(r.job, e.details ->> 'job', ''), substr(e.action, 5), e.at
           from audit.entry e join fleet.project p on p.id = e.project_id
           left join job.run r on r.project_id = e.project_id and r.id = substr(e.object, 5)::uuid
          where e.who = person and e.who_kind = 'PERSON' and e.action in ('run.stop', 'run.restart', 'run.declare-dead')
            and e.object ~ '^run [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
          order by e.id desc limit most)) his
     order by 5 desc limit most
$$;
revoke execute on function job.deeds_of_person(text, int) from public;
grant execute on function job.deeds_of_person(text, int) to ${app_role};
drop function job.runs_of_person(text, int);
--rollback drop function job.deeds_of_person(text, int);
--rollback create function job.runs_of_person(person text, most int) returns table (project text, run_id uuid, job text, created_at timestamptz) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select p.name, r.id, r.job, r.created_at from job.run r join fleet.project p on p.id = r.project_id where r.trigger = 'PERSON' and r.triggered_by = person order by r.id desc limit most $$; revoke execute on function job.runs_of_person(text, int) from public; grant execute on function job.runs_of_person(text, int) to ${app_role};

--changeset nightshift:job-14 splitStatements:false rollbackSplitStatements:false
-- Which node works on a target, or did last: with messaging it need not be the one that has the run. Of targets older than this
-- it is unknown.
alter table job.target add column node_id uuid references job.node (id);
create index target_node on job.target (node_id) where node_id is not null;

create or replace function job.targets_of_node(node uuid) returns bigint
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select count(*) from job.target t
      join job.run r on r.project_id = t.project_id and r.id = t.run_id
     where r.status in ('STARTED', 'STOPPING') and t.node_id = node and t.status = 'STARTED'
$$;

-- What a node is said to work on of runs that other nodes have: it compares that with what it does work on.
create function job.guests_of_node(node uuid) returns table (project_id uuid, run_id uuid, target_id uuid, fence bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select t.project_id, t.run_id, t.id, t.fence from job.target t
      join job.run r on r.project_id = t.project_id and r.id = t.run_id
      join job.attempt a on a.project_id = r.project_id and a.run_id = r.id and a.number = r.attempt
     where r.status in ('STARTED', 'STOPPING') and t.node_id = node and a.node_id <> node and t.status = 'STARTED'
$$;
revoke execute on function job.guests_of_node(uuid) from public;
grant execute on function job.guests_of_node(uuid) to ${app_role};

create or replace function job.lost_nodes(dead_after interval) returns table (project_id uuid, node_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct held.project_id, n.id
      from job.node n
      join lateral (
           select a.project_id from job.attempt a
            where a.node_id = n.id and (a.ended_at is null or a.ended_at >= n.heartbeat_at)
           union all
           select t.project_id from job.target t
            where t.node_id = n.id and t.started_at is not null and (t.ended_at is null or t.ended_at >= n.heartbeat_at)
           ) held on true
      join fleet.project p on p.id = held.project_id and p.deleted_at is null
     where n.stopped_at is null and n.heartbeat_at < now() - dead_after and n.heartbeat_at > now() - interval '1 day'
       and not exists (select from job.node s
                        where s.name = n.name and s.id <> n.id and s.stopped_at is null
                          and s.heartbeat_at > now() - dead_after)
$$;

create or replace function job.forget_nodes(before timestamptz) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten bigint;
begin
    delete from job.node n
     where n.heartbeat_at < least(before, now() - interval '7 days')
       and not exists (select from job.attempt a where a.node_id = n.id)
       and not exists (select from job.target t where t.node_id = n.id)
       and not exists (select from job.lease l where l.node_id = n.id);
    get diagnostics forgotten = row_count;
    return forgotten;
end $$;
--rollback create or replace function job.forget_nodes(before timestamptz) returns bigint language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$ declare forgotten bigint; begin delete from job.node n where n.heartbeat_at < least(before, now() - interval '7 days') and not exists (select from job.attempt a where a.node_id = n.id) and not exists (select from job.lease l where l.node_id = n.id); get diagnostics forgotten = row_count; return forgotten; end $$;
--rollback create or replace function job.lost_nodes(dead_after interval) returns table (project_id uuid, node_id uuid) language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select distinct a.project_id, n.id from job.node n join job.attempt a on a.node_id = n.id and (a.ended_at is null or a.ended_at >= n.heartbeat_at) join fleet.project p on p.id = a.project_id and p.deleted_at is null where n.stopped_at is null and n.heartbeat_at < now() - dead_after and n.heartbeat_at > now() - interval '1 day' and not exists (select from job.node s where s.name = n.name and s.id <> n.id and s.stopped_at is null and s.heartbeat_at > now() - dead_after) $$;
--rollback drop function job.guests_of_node(uuid);
--rollback create or replace function job.targets_of_node(node uuid) returns bigint language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select count(*) from job.run r join job.attempt a on a.project_id = r.project_id and a.run_id = r.id and a.number = r.attempt join job.target t on t.project_id = r.project_id and t.run_id = r.id where r.status in ('STARTED', 'STOPPING') and a.node_id = node and t.status = 'STARTED' $$;
--rollback drop index job.target_node; alter table job.target drop column node_id;

--changeset nightshift:job-35
-- A schedule that belongs to a backup policy is made, changed and deleted with it. A policy's name never changes.
alter table job.schedule add column policy text check (policy ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$');
create index schedule_policy on job.schedule (project_id, policy) where policy is not null and deleted_at is null;
--rollback drop index job.schedule_policy; alter table job.schedule drop column policy;

--changeset nightshift:job-36
-- The default of the day on which they were saved, and nobody's choice: a policy cannot say how its backups' checkpoints are made.
update job.schedule set parameters = parameters - 'checkpoint' where job = 'backup' and policy is not null;
--rollback update job.schedule set parameters = jsonb_set(parameters, '{checkpoint}', '"fast"') where job = 'backup' and policy is not null;
