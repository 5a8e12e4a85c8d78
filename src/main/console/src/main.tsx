import { render } from 'preact';
import { onHealed, watch } from './api/outage';
import { App } from './app';
import { refreshMe } from './frame/session';
import { notify } from './ui/dialog';
import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/parts.css';
import './styles/forms.css';
import './styles/pages.css';

watch();
onHealed(() => notify('Nightshift answers again; this page is up to date.'));
void refreshMe();
render(<App />, document.getElementById('app')!);
