import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { me } from './api/client';
import { Banner, Frame, Outline } from './frame/frame';
import { project } from './frame/session';
import { BackupPage } from './pages/backup';
import { BackupsPage } from './pages/backups';
import { DatabaseForm } from './pages/database-form';
import { DatabasesPage } from './pages/databases';
import { FindingsPage } from './pages/findings';
import { LoginPage } from './pages/login';
import { ProjectsPage } from './pages/projects';
import { RunsPage } from './pages/runs';
import { TonightPage } from './pages/tonight';
import { PLACES } from './frame/places';
import { location, route } from './router';
import { later } from './ui/later';
import { Boundary, Missing } from './ui/panel';

// What is opened once a week need not be there in the first second.
const AuditPage = later(() => import('./pages/audit').then((its) => its.AuditPage));
const DeletionsPage = later(() => import('./pages/deletions').then((its) => its.DeletionsPage));
const DatabasePage = later(() => import('./pages/database').then((its) => its.DatabasePage));
const MePage = later(() => import('./pages/me').then((its) => its.MePage));
const NodesPage = later(() => import('./pages/nodes').then((its) => its.NodesPage));
const StoresPage = later(() => import('./pages/stores').then((its) => its.StoresPage));
const PeoplePage = later(() => import('./pages/people').then((its) => its.PeoplePage));
const ProjectKeysPage = later(() => import('./pages/project-keys').then((its) => its.ProjectKeysPage));
const PoliciesPage = later(() => import('./pages/policies').then((its) => its.PoliciesPage));
const PolicyPage = later(() => import('./pages/policies').then((its) => its.PolicyPage));
const RetentionPage = later(() => import('./pages/retention').then((its) => its.RetentionPage));
const SchedulesPage = later(() => import('./pages/schedules').then((its) => its.SchedulesPage));
const RunPage = later(() => import('./pages/run').then((its) => its.RunPage));
const ScheduleForm = later(() => import('./pages/schedule-form').then((its) => its.ScheduleForm));

function page(): ComponentChildren {
  const at = route.value;
  switch (at.page) {
    case 'tonight': return <TonightPage />;
    case 'databases':
      if (at.action === 'new') return <DatabaseForm />;
      return at.id ? <DatabasePage key={at.id} name={at.id} /> : <DatabasesPage />;
    case 'runs': return at.id ? <RunPage key={at.id} id={at.id} /> : <RunsPage />;
    case 'schedules': return at.action ? <ScheduleForm key={at.id} name={at.id} /> : <SchedulesPage />;
    case 'backups': return at.id ? <BackupPage key={at.id} id={at.id} /> : <BackupsPage />;
    case 'policies': return at.id ? <PolicyPage key={at.id} name={at.id} /> : <PoliciesPage />;
    case 'findings': return <FindingsPage />;
    case 'nodes': return <NodesPage />;
    case 'stores': return <StoresPage />;
    case 'backup-keys': return <ProjectKeysPage />;
    case 'deletions': return <DeletionsPage />;
    case 'people': return <PeoplePage />;
    case 'audit': return <AuditPage />;
    case 'retention': return <RetentionPage />;
    case 'me': return <MePage />;
    default: return <Missing what="This page" back="/" backWord="Go to Tonight" />;
  }
}

function title(): string {
  const at = route.value;
  const place = PLACES.find((each) => each.place === at.page)?.title;
  return ['id' in at && at.id, place, project.value?.displayName, 'Nightshift'].filter(Boolean).join(' · ');
}

export function App() {
  const at = route.value;
  const words = title();
  useEffect(() => { document.title = words; }, [words]);
  if (at.page === 'login') return <><Banner /><LoginPage /></>;
  if (!me.value) return <Outline />;
  if (at.page === 'projects' || at.page === 'home') return <><Banner /><ProjectsPage /></>;
  if (!project.value) return <div class="alone"><Missing what="This page" back="/" backWord="Go to the start" /></div>;
  return <Frame><Boundary at={location.value.path}><div class="page" key={project.value.name}>{page()}</div></Boundary></Frame>;
}
