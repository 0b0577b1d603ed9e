import type { TimelineEvent } from '@client/orders';
import { DetailsView } from '@kit/DetailsView';
import { Loaded } from '@kit/feedback';
import { When } from '@kit/figures';
import { Section } from '@kit/layout';
import { inWords, toneIcon } from '@kit/states';
import type { Tone } from '@kit/tokens';
import type { UseQueryResult } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';

const SHOWN = 12;

/** How an event feels, told from its name. */
export function eventTone(name: string): Tone {
  if (/failed|declined|refused/.test(name)) return 'failed';
  if (name.includes('cancel')) return 'ended';
  if (name.endsWith('hold_placed')) return 'attention';
  if (/picked|packed|sent|partially_shipped/.test(name)) return 'moving';
  if (/succeeded|shipped|delivered|invoiced|accepted|recorded|pushed|released|source_changed/.test(name)) return 'done';
  return 'neutral';
}

const reasonOf = (data: Record<string, unknown>): string => {
  const reason = data.reason ?? data.state_reason;
  return typeof reason === 'string' ? reason : '';
};

export function TimelineCard({ answer }: { answer: UseQueryResult<TimelineEvent[]> }) {
  const [all, setAll] = useState(false);
  return (
    <Section title="Timeline">
      <Loaded answer={answer} rows={6}>
        {(events) =>
          events.length === 0 ? (
            <p className="muted">Nothing has happened to this order yet.</p>
          ) : (
            <>
              <ol className="timeline" aria-live="polite" aria-relevant="additions">
                {(all ? events : events.slice(0, SHOWN)).map((event) => (
                  <Event key={event.id} event={event} />
                ))}
              </ol>
              {events.length > SHOWN && !all && (
                <Button size="small" onClick={() => setAll(true)}>
                  Show all {events.length} events
                </Button>
              )}
            </>
          )
        }
      </Loaded>
    </Section>
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
      <div className="what">{event.title || inWords(event.name.replaceAll('.', ' '))}</div>
      {reason && <div className="why">{reason}</div>}
      <div className="fine">
        <When at={event.occurred_at} />
        {event.subject_type !== 'order' && <span>{event.subject_label}</span>}
        <span>by {event.actor}</span>
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
