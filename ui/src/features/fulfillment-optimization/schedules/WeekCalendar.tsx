import { formatClock, shortDayName, type Span, weekdays, describeWeek } from './week';

const offset = (minutes: number): string => `${(100 * minutes) / 1440}%`;

/** A week with one row per day: opening hours as bars, pickups as marks. */
export function WeekCalendar({ spans = [], calls = [], label }: { spans?: readonly Span[][]; calls?: readonly number[][]; label: string }) {
  return (
    <div className="week" role="img" aria-label={`${label}: ${describeWeek(spans, calls)}`}>
      {weekdays.map((day, index) => {
        const hours = spans[index] ?? [];
        const marks = calls[index] ?? [];
        return (
          <div key={day} className="week-day" data-closed={hours.length + marks.length === 0}>
            <span className="week-name">{shortDayName(day)}</span>
            <span className="week-track">
              {hours.map(([from, to]) => (
                <i key={from} style={{ left: offset(from), width: offset(to - from) }} title={`${formatClock(from)}–${formatClock(to)}`} />
              ))}
              {marks.map((mark) => (
                <b key={mark} style={{ left: offset(mark) }} title={formatClock(mark)} />
              ))}
            </span>
          </div>
        );
      })}
      <div className="week-hours" aria-hidden="true">
        {[0, 6, 12, 18, 24].map((hour) => (
          <span key={hour} style={{ left: offset(hour * 60) }}>
            {String(hour).padStart(2, '0')}
          </span>
        ))}
      </div>
    </div>
  );
}

/** A compact week for list cells. */
export function WeekStrip({ spans = [], calls = [] }: { spans?: readonly Span[][]; calls?: readonly number[][] }) {
  return (
    <span className="two-line">
      <span className="week-strip" aria-hidden="true">
        {weekdays.map((day, index) => (
          <span key={day}>
            {(spans[index] ?? []).map(([from, to]) => (
              <i key={from} style={{ top: offset(from), height: offset(to - from) }} />
            ))}
            {(calls[index] ?? []).map((item) => (
              <b key={item} style={{ top: offset(item) }} />
            ))}
          </span>
        ))}
      </span>
      <span className="muted clamp">{describeWeek(spans, calls)}</span>
    </span>
  );
}
