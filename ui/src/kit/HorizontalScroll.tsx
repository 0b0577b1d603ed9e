import { type ReactNode, useEffect, useRef, useState } from 'react';

/** Scrolls wide content horizontally; focusable when there is something to scroll. */
export function HorizontalScroll({ label, children, className }: { label: string; children: ReactNode; className?: string }) {
  const container = useRef<HTMLDivElement>(null);
  const [overflows, setOverflows] = useState(false);
  useEffect(() => {
    const element = container.current;
    if (!element || typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(() => setOverflows(element.scrollWidth > element.clientWidth + 1));
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
  const regionProps = overflows ? { tabIndex: 0, role: 'region', 'aria-label': `${label}, scrolls sideways` } : {};
  return (
    <div ref={container} data-overflows={overflows} className={['scroll-x', className ?? ''].join(' ').trim()} {...regionProps}>
      {children}
    </div>
  );
}
