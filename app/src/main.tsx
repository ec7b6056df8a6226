import { render } from 'preact';
import { App } from './app';
import { begin } from './theme';
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/pages.css';

begin();
const place = document.getElementById('app');
if (place !== null) render(<App />, place);
