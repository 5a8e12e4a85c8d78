--liquibase formatted sql

--changeset nightshift:tenancy-1
create schema tenancy;
grant usage on schema tenancy to ${app_role};
--rollback drop schema tenancy;

--changeset nightshift:tenancy-2 splitStatements:false
-- After a commit the setting is an empty string, which a plain cast would reject.
create function tenancy.current_project() returns uuid
    language sql stable parallel safe
    set search_path = pg_catalog
as $$ select nullif(current_setting('nightshift.project', true), '')::uuid $$;
--rollback drop function tenancy.current_project();

--changeset nightshift:tenancy-3
grant execute on function tenancy.current_project() to ${app_role};
--rollback revoke execute on function tenancy.current_project() from ${app_role};

--changeset nightshift:tenancy-4
-- Which change sets ran, for those who help: no content of any project.
grant select on public.databasechangelog to ${app_role};
--rollback revoke select on public.databasechangelog from ${app_role};
