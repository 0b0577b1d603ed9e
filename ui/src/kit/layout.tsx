import { type ReactNode, use, useEffect } from 'react';
import { AreaContext } from './breadcrumbs';

/** A page with title, description and actions; sets the document title. */
export function Page({
  title,
  description,
  actions,
  breadcrumb,
  children,
  documentTitle,
}: {
  title: ReactNode;
  documentTitle?: string;
  description?: ReactNode;
  actions?: ReactNode;
  breadcrumb?: ReactNode;
  children: ReactNode;
}) {
  const area = use(AreaContext);
  const name = documentTitle ?? (typeof title === 'string' ? title : 'OpenIOM');
  useEffect(() => {
    document.title = `${name} · OpenIOM`;
  }, [name]);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-title">
          {(area !== undefined || breadcrumb !== undefined) && (
            <nav aria-label="Breadcrumb" className="breadcrumb">
              {area !== undefined && <span>{area}</span>}
              {breadcrumb}
            </nav>
          )}
          <h1>{title}</h1>
          {description !== undefined && <p>{description}</p>}
        </div>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  );
}

/** A card with a heading. */
export function Card({
  title,
  extra,
  children,
  flush,
  className,
}: {
  title?: ReactNode;
  extra?: ReactNode;
  children: ReactNode;
  flush?: boolean;
  className?: string;
}) {
  return (
    <section className={['card', flush ? 'flush' : '', className ?? ''].join(' ').trim()}>
      {(title !== undefined || extra !== undefined) && (
        <header className="card-head">
          {title !== undefined && <h2>{title}</h2>}
          {extra !== undefined && <div className="card-extra">{extra}</div>}
        </header>
      )}
      <div className="card-body">{children}</div>
    </section>
  );
}

/** A card that is closed until the user opens it. */
export function FoldedCard({
  title,
  summary,
  children,
  flush,
}: {
  title: string;
  summary?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}) {
  return (
    <section className="card">
      <details className="folded">
        <summary>
          <h2>{title}</h2>
          {summary !== undefined && <span className="muted">{summary}</span>}
        </summary>
        <div className={flush ? 'folded-body flush' : 'folded-body'}>{children}</div>
      </details>
    </section>
  );
}

/** Name and value pairs; empty values are omitted. */
export function DescriptionList({ items, columns = 1 }: { items: readonly (readonly [string, ReactNode])[]; columns?: 1 | 2 | 3 }) {
  return (
    <dl className="facts" data-columns={columns}>
      {items
        .filter(([, value]) => value !== null && value !== undefined && value !== '' && value !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
