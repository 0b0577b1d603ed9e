import { type ReactNode, useEffect, useRef, useState } from 'react';

/** Lets wide content scroll sideways inside its card; when there is something to scroll, the keyboard reaches it too. */
export function HorizontalScroll({ label, children, className }: { label: string; children: ReactNode; className?: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element || typeof ResizeObserver === 'undefined') return;
    const observer = new ResizeObserver(() => setWide(element.scrollWidth > element.clientWidth + 1));
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
  const reach = wide ? { tabIndex: 0, role: 'region', 'aria-label': `${label}, scrolls sideways` } : {};
  return (
    <div ref={box} className={['scroll-x', className ?? ''].join(' ').trim()} {...reach}>
      {children}
    </div>
  );
}
