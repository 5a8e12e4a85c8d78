--liquibase formatted sql

--changeset nightshift:fleet-project-1
create schema fleet;
grant usage on schema fleet to ${app_role};

-- An installation table: it holds the projects' names, which the access layer checks before anything of a project is read.
create table fleet.project (
    id           uuid primary key,
    name         text not null unique check (name ~ '^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$'),
    display_name text not null check (length(display_name) between 1 and 200),
    time_zone    text not null default 'UTC',
    currency     text not null default 'EUR' check (currency ~ '^[A-Z]{3}$'),
    created_at   timestamptz not null default now(),
    deleted_at   timestamptz
);
grant select, insert, update on fleet.project to ${app_role};
--rollback drop table fleet.project; drop schema fleet;

--changeset nightshift:fleet-project-2
-- How many days a project keeps what is over: runs with their targets and findings, the lines of their logs, its audit.
alter table fleet.project
    add column run_days   int not null default 400 check (run_days between 7 and 3650),
    add column log_days   int not null default 90 check (log_days between 1 and 3650),
    add column audit_days int not null default 730 check (audit_days between 90 and 3650);
--rollback alter table fleet.project drop column run_days, drop column log_days, drop column audit_days;

--changeset nightshift:fleet-project-3 splitStatements:false rollbackSplitStatements:false
-- What was deleted and can be restored no more. An instance forgets how to log in at once, and its row goes when nothing names
-- it any more: no run, no backup.
create function fleet.forget_deleted(before timestamptz, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project uuid := tenancy.current_project();
    latest timestamptz := least(before, now() - interval '30 days');
    one uuid;
    forgotten bigint := 0;
begin
    for one in select d.id from fleet.database d
                where d.project_id = project and d.deleted_at < latest
                  and not exists (select from job.target t where t.project_id = project and t.database_id = d.id)
                order by d.deleted_at limit most
    loop
        begin
            delete from fleet.database d where d.id = one;
            forgotten := forgotten + 1;
        exception when foreign_key_violation then
            null; -- some other package still names it
        end;
    end loop;
    update fleet.instance i set password_sealed = null
     where i.project_id = project and i.deleted_at < latest and i.password_sealed is not null;
    for one in select i.id from fleet.instance i
                where i.project_id = project and i.deleted_at < latest
                  and not exists (select from fleet.database d where d.project_id = project and d.instance_id = i.id)
                  and not exists (select from job.target t where t.project_id = project and t.instance_id = i.id)
                order by i.deleted_at limit most
    loop
        begin
            delete from fleet.instance i where i.id = one;
            forgotten := forgotten + 1;
        exception when foreign_key_violation then
            null;
        end;
    end loop;
    return forgotten;
end $$;

-- Projects that can be restored no more, with the number of backups that are held of them all the same: such a one stays.
create function fleet.removable_projects() returns table (project_id uuid, name text, backups bigint)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return query select p.id, p.name,
                        (select count(*) from backup.backup b where b.project_id = p.id and b.deleted_at is null)
                   from fleet.project p where p.deleted_at < now() - interval '30 days' order by p.deleted_at limit 100;
end $$;

-- The tables that hold rows of projects, so that no package can be forgotten; those that name others first. The owner's own and
-- permanent ones alone: whoever makes another one with a trigger must not have it fire as the owner.
create function fleet.project_tables() returns setof regclass
    language sql stable set search_path = pg_catalog, pg_temp
as $$
    select c.oid::regclass
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'project_id' and a.attnum > 0 and not a.attisdropped
     where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence = 'p'
       and c.relowner = (select o.relowner from pg_class o where o.oid = 'fleet.project'::regclass)
     order by c.oid desc
$$;

-- Whether a project may be removed; it stays so until the transaction's end.
create function fleet.lock_removable(project uuid) returns text
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
    project_name text;
begin
    select p.name into project_name from fleet.project p
     where p.id = project and p.deleted_at < now() - interval '30 days' for update skip locked;
    if exists (select from backup.backup b where b.project_id = project and b.deleted_at is null) then
        return null;
    end if;
    return project_name;
end $$;

-- Deletes some of such a project's rows, so that no transaction is a long one; answers how many. What is left when it answers
-- 0, fleet.remove_project takes.
create function fleet.empty_project(project uuid, most int) returns bigint
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    one regclass;
    gone bigint;
    all_gone bigint := 0;
begin
    if fleet.lock_removable(project) is null then
        return 0;
    end if;
    for one in select t from fleet.project_tables() t where t <> 'audit.entry'::regclass loop
        begin
            execute format('delete from %1$s d using (select tableoid as part, ctid as place from %1$s'
                           ' where project_id = $1 limit $2) few where d.tableoid = few.part and d.ctid = few.place', one) using project, most - all_gone;
            get diagnostics gone = row_count;
            all_gone := all_gone + gone;
        exception when foreign_key_violation then
            null; -- named by others that come later
        end;
        exit when all_gone >= most;
    end loop;
    return all_gone;
end $$;

-- Removes such a project; its name is free again. What its audit holds stays as the installation's, with the project's name.
-- Answers the name; null if another node was faster or it stays.
create function fleet.remove_project(project uuid) returns text
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
declare
    project_name text := fleet.lock_removable(project);
    left_over regclass[];
    kept regclass[];
    one regclass;
begin
    if project_name is null then
        return null;
    end if;
    update audit.entry e set project_id = null, details = e.details || jsonb_build_object('project', project_name)
     where e.project_id = project;
    left_over := array(select fleet.project_tables());
    while cardinality(left_over) > 0 loop
        kept := '{}';
        foreach one in array left_over loop
            begin
                execute format('delete from %s where project_id = $1', one) using project;
            exception when foreign_key_violation then
                kept := kept || one;
            end;
        end loop;
        if cardinality(kept) = cardinality(left_over) then
            raise exception 'Project % cannot be removed: % are named by others', project_name, kept;
        end if;
        left_over := kept;
    end loop;
    delete from fleet.project p where p.id = project;
    return project_name;
end $$;
revoke execute on function fleet.forget_deleted(timestamptz, int), fleet.removable_projects(), fleet.project_tables(),
    fleet.lock_removable(uuid), fleet.empty_project(uuid, int), fleet.remove_project(uuid) from public;
grant execute on function fleet.forget_deleted(timestamptz, int), fleet.removable_projects(), fleet.empty_project(uuid, int),
    fleet.remove_project(uuid) to ${app_role};
--rollback drop function fleet.forget_deleted(timestamptz, int); drop function fleet.removable_projects(); drop function fleet.remove_project(uuid); drop function fleet.empty_project(uuid, int); drop function fleet.lock_removable(uuid); drop function fleet.project_tables();
