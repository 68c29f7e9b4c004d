import './app/zod.ts';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { applyTheme, readTheme } from './app/theme.ts';
import './style.css';

applyTheme(readTheme());
createRoot(document.getElementById('root')!).render(<App />);
