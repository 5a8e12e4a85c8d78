import { render } from 'preact';
import { App } from './app';
import { refreshMe } from './frame/session';
import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/parts.css';
import './styles/forms.css';
import './styles/pages.css';

void refreshMe();
render(<App />, document.getElementById('app')!);
