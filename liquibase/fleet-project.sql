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
