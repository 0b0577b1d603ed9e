import './track.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { CustomerPages } from './CustomerPages';

const root = document.getElementById('root');
if (!root) throw new Error('track.html has no #root');
const [, , token = ''] = window.location.pathname.split('/');

createRoot(root).render(
  <StrictMode>
    <CustomerPages token={decodeURIComponent(token)} />
  </StrictMode>,
);
