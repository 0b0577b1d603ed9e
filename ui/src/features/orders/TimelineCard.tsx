import type { TimelineEvent } from '@client/orders';
import { DetailsView } from '@kit/DetailsView';
import { QueryContent } from '@kit/feedback';
import { Timestamp } from '@kit/format';
import { Card } from '@kit/layout';
import { toneIcon } from '@kit/states';
import { actorLabel, eventTitle, humanize, reasonLabel } from '@vocabulary';
import type { Tone } from '@kit/tokens';
import type { UseQueryResult } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';

const INITIAL_COUNT = 12;

/** The tone of an event. */
export function eventTone(name: string): Tone {
  if (/failed|declined|refused/.test(name)) return 'failed';
  if (name.includes('cancel')) return 'ended';
  if (name.endsWith('hold_placed')) return 'attention';
  if (/picked|packed|sent|partially_shipped/.test(name)) return 'moving';
  if (/succeeded|shipped|delivered|invoiced|accepted|recorded|pushed|release/.test(name)) return 'done';
  return 'neutral';
}

const reasonOf = (data: Record<string, unknown>): string => {
  const reason = data.reason ?? data.state_reason;
  return typeof reason === 'string' ? reason : '';
};

export function TimelineCard({ query }: { query: UseQueryResult<TimelineEvent[]> }) {
  const [showAll, setShowAll] = useState(false);
  return (
    <Card title="Timeline">
      <QueryContent query={query} rows={6}>
        {(events) =>
          events.length === 0 ? (
            <p className="muted">No events yet.</p>
          ) : (
            <>
              <ol className="timeline" aria-live="polite" aria-relevant="additions">
                {(showAll ? events : events.slice(0, INITIAL_COUNT)).map((event) => (
                  <Event key={event.id} event={event} />
                ))}
              </ol>
              {events.length > INITIAL_COUNT && !showAll && (
                <Button size="small" onClick={() => setShowAll(true)}>
                  Show all {events.length} events
                </Button>
              )}
            </>
          )
        }
      </QueryContent>
    </Card>
  );
}

function Event({ event }: { event: TimelineEvent }) {
  const tone = eventTone(event.name);
  const reason = reasonOf(event.data);
  const details = Object.fromEntries(
    Object.entries(event.data).filter(([key, value]) => key !== 'reason' && value !== null && value !== ''),
  );
  return (
    <li data-tone={tone}>
      <span className="mark" aria-hidden="true">
        {toneIcon(tone)}
      </span>
      <div className="what">{eventTitle(event.name, event.title)}</div>
      {reason && <div className="why">{humanize(reasonLabel(reason))}</div>}
      <div className="fine">
        <Timestamp at={event.occurred_at} />
        {event.subject_type !== 'order' && <span>{event.subject_label}</span>}
        <span>by {actorLabel(event.actor)}</span>
      </div>
      {Object.keys(details).length > 0 && (
        <details>
          <summary>Details</summary>
          <DetailsView value={details} />
        </details>
      )}
    </li>
  );
}
