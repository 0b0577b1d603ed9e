import { isAttentionChange } from '@client/attention';
import { getHome, homeKey, type Home, type HomeItem } from '@client/home';
import { useLive } from '@client/live';
import { EmptyState, QueryContent } from '@kit/feedback';
import { formatMoney, formatNumber, Timestamp } from '@kit/format';
import { CheckCircleOutlined, RightOutlined } from '@kit/icons';
import { Page } from '@kit/layout';
import { toneIcon } from '@kit/states';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { ForYou } from './ForYou';
import './home.css';
import { work } from './homeItems';

/** How often the page is read again for what no event reports, such as a day that ends. */
const REFRESH_MS = 60_000;

/** What needs the user: each kind of work with its number, age, money and the list that shows it. */
export default function HomePage() {
  const queryClient = useQueryClient();
  const home = useQuery({ queryKey: homeKey, queryFn: getHome, refetchInterval: REFRESH_MS });
  useLive((changes) => {
    if (changes.some(isAttentionChange)) void queryClient.invalidateQueries({ queryKey: homeKey });
  });
  return (
    <Page title="Home" description="What needs you now, most urgent first.">
      <QueryContent query={home} rows={6}>
        {(data) =>
          data.items.length === 0 ? (
            <section className="card">
              <EmptyState icon={<CheckCircleOutlined />} title="All is well" action={<Link to="/orders">Go to sales orders</Link>}>
                No order is blocked or late, nothing has failed, and every provider can be reached.
              </EmptyState>
            </section>
          ) : (
            <WorkList home={data} />
          )
        }
      </QueryContent>
      <ForYou />
    </Page>
  );
}

function WorkList({ home }: { home: Home }) {
  return (
    <ul className="card work-list" aria-label="What needs you">
      {home.items.map((item) => (
        <WorkItem key={`${item.kind} ${item.instance}`} item={item} limit={home.limit} />
      ))}
    </ul>
  );
}

function WorkItem({ item, limit }: { item: HomeItem; limit: number }) {
  const { tone, words, age, action, path } = work[item.kind];
  const [one, many] = words(item);
  return (
    <li className="work" data-tone={tone}>
      <span className="work-icon" aria-hidden="true">
        {toneIcon(tone)}
      </span>
      <div className="work-text">
        <h2>
          <span className="work-count">
            {formatNumber(item.count)}
            {item.count >= limit && '+'}
          </span>{' '}
          {item.count === 1 ? one : many}
        </h2>
        <p className="muted">
          {item.oldest !== null && (
            <span>
              {age} <Timestamp at={item.oldest} />
            </span>
          )}
          {item.amounts.map(({ currency, amount }) => (
            <span key={currency} className="figure">
              {formatMoney(amount, currency)} {currency}
            </span>
          ))}
        </p>
      </div>
      <Link to={path(item)} className="work-action">
        {action} <RightOutlined />
      </Link>
    </li>
  );
}
