import { CloseCircleFilled, LockOutlined } from './icons';
import { asProblem } from '@client/problem';
import { Button, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { inWords } from './permissions';

/** What a role does not permit, with the permission to request: its name, or a text that ends with it. */
export function NoAccess({ remedy }: { remedy: string }) {
  const permission = inWords(remedy).replace(/^.*for the permission /, '');
  return (
    <div className="card" role="alert">
      <EmptyState icon={<LockOutlined />} title="You do not have access to this" action={<Link to="/">Go to the start page</Link>}>
        {permission === '' ? 'Ask an administrator for access.' : `Ask an administrator for the permission to ${permission}.`}
      </EmptyState>
    </div>
  );
}

/** An error with its location, remedy and reference; without permission, what to request instead. */
export function ProblemNotice({ error, onRetry, compact }: { error: unknown; onRetry?: () => void; compact?: boolean }) {
  const problem = asProblem(error);
  if (problem.status === 403 && !compact && onRetry !== undefined) return <NoAccess remedy={problem.remedy} />;
  return (
    <div className={compact ? 'problem compact' : 'problem'} role="alert">
      <CloseCircleFilled aria-hidden="true" />
      <div>
        <p className="problem-what">{problem.what}</p>
        {problem.remedy && <p>{problem.remedy}</p>}
        {problem.problems.length > 0 && (
          <ul>
            {problem.problems.map((part) => (
              <li key={`${part.where} ${part.what}`}>
                <code>{part.where}</code> {part.what}
                {part.remedy && <span className="muted"> — {part.remedy}</span>}
              </li>
            ))}
          </ul>
        )}
        <p className="problem-fine">
          {problem.where && (
            <>
              Where: <code>{problem.where}</code>
            </>
          )}
          {problem.where && problem.reference && ' · '}
          {problem.reference && (
            <>
              Reference: <code>{problem.reference}</code>
            </>
          )}
        </p>
        {onRetry && (
          <Button size="small" onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

/** An empty state with the next step. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="empty">
      {icon !== undefined && (
        <div className="empty-icon" aria-hidden="true">
          {icon}
        </div>
      )}
      <h2>{title}</h2>
      {children !== undefined && <div className="empty-text">{children}</div>}
      {action !== undefined && <div className="empty-action">{action}</div>}
    </div>
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** A skeleton while loading, the problem on failure, else the children. */
export function QueryContent<T>({ query, rows = 3, children }: { query: QueryLike<T>; rows?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null && query.error !== undefined) return <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div aria-busy="true" aria-label="Loading">
      <Skeleton active title={false} paragraph={{ rows, width: '100%' }} />
    </div>
  );
}
