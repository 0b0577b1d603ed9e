import '@fontsource-variable/inter/wght.css';
import '@kit/kit.css';
import '@shell/shell.css';
import { asProblem } from '@client/problem';
import { PreferencesRoot } from '@kit/preferences';
import { routes } from '@shell/routes';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { createBrowserRouter, RouterProvider } from 'react-router';

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // Retry lost connections only, not rejected requests.
      retry: (count, error) => count < 2 && asProblem(error).status === 0,
    },
  },
});
const router = createBrowserRouter(routes);
const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <PreferencesRoot>
        <RouterProvider router={router} />
      </PreferencesRoot>
    </QueryClientProvider>
  </StrictMode>,
);
