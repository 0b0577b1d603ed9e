import { App } from 'antd';
import type { ReactNode } from 'react';

/**
 * Messages and notifications of the pages below it. It is inside the router, so that notifications can contain links; they appear
 * at the bottom, where they cover no action of a page.
 */
export function Notifications({ children }: { children: ReactNode }) {
  return (
    <App component={false} notification={{ placement: 'bottomRight' }}>
      {children}
    </App>
  );
}
