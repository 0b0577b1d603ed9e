import { listSources } from '@client/inventory';
import { getReturn, getReturnPolicy, listReturns, receiveUnits, type ReturnDetail } from '@client/returns';
import { EmptyState, ProblemNotice, QueryContent } from '@kit/feedback';
import { InboxOutlined } from '@kit/icons';
import { Card, Page } from '@kit/layout';
import { StateTag } from '@kit/states';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input, Select } from 'antd';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import './returns.css';
import { WithoutOrder } from './WithoutOrder';
import { UnitsForm, type UnitsEntry } from './UnitsForm';

const awaitsGoods = ['approved', 'in_transit', 'partially_received'];

/** Find the returns of a number that was scanned or typed, with their lines. */
async function findReturns(search: string): Promise<ReturnDetail[]> {
  const { items } = await listReturns({ search, limit: 10 });
  return Promise.all(items.filter((row) => awaitsGoods.includes(row.state)).map((row) => getReturn(row.id)));
}

/** Receive goods at a counter or warehouse: scan a number, then say how many came and what becomes of them. */
export default function ReceivePage() {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const [parameters, setParameters] = useSearchParams();
  const search = parameters.get('search') ?? '';
  const [text, setText] = useState(search);
  const [place, setPlace] = useState<string>();
  const sources = useQuery({ queryKey: ['sources'], queryFn: listSources });
  const policy = useQuery({ queryKey: ['returns', 'policy'], queryFn: getReturnPolicy });
  const found = useQuery({ queryKey: ['returns', 'receive', search], queryFn: () => findReturns(search), enabled: search !== '' });
  const receive = useMutation({
    mutationFn: (entry: UnitsEntry) => receiveUnits([entry], place ?? '', crypto.randomUUID()),
    onSuccess: ([result]) => {
      void (result?.ok ? message.success('Received and inspected') : message.error(result?.reason));
      void queryClient.invalidateQueries({ queryKey: ['returns'] });
    },
  });
  return (
    <Page
      breadcrumb={
        <Link to="/returns" className="crumb">
          Returns
        </Link>
      }
      title="Receive returns"
    >
      <Card>
        <form
          className="receive-search"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            setParameters(text.trim() ? { search: text.trim() } : {});
          }}
        >
          <label>
            <span>Return, order or tracking number</span>
            <Input autoFocus value={text} onChange={(event) => setText(event.target.value)} aria-label="Return, order or tracking number" />
          </label>
          <label>
            <span>Received at</span>
            <Select
              allowClear
              value={place}
              onChange={setPlace}
              placeholder="Where the return was to be sent"
              aria-label="Received at"
              options={(sources.data ?? []).map((source) => ({ value: source.name, label: source.title || source.name }))}
            />
          </label>
          <Button type="primary" htmlType="submit">
            Find
          </Button>
        </form>
      </Card>
      {receive.error && <ProblemNotice error={receive.error} />}
      {policy.error && <ProblemNotice error={policy.error} onRetry={() => void policy.refetch()} />}
      {search === '' ? (
        <EmptyState icon={<InboxOutlined />} title="Scan or type a number">
          The label or the packing slip has the number of the return, the order or the parcel.
        </EmptyState>
      ) : (
        <QueryContent query={found} rows={4}>
          {(items) =>
            items.length === 0 ? (
              <EmptyState icon={<InboxOutlined />} title="No return expects goods" action={<Link to="/returns">Go to returns</Link>}>
                No open return has a number that begins with {search}.
              </EmptyState>
            ) : (
              <div className="stack">
                {items.map((item) => (
                  <Card
                    key={item.id}
                    flush
                    title={
                      <Link to={`/returns/${item.id}`}>
                        {item.number} · {item.customer_name || item.order_number}
                      </Link>
                    }
                    extra={<StateTag state={item.state} />}
                  >
                    <QueryContent query={policy}>
                      {(terms) => (
                        <>
                          {item.lines
                            .filter((line) => line.outstanding > 0)
                            .map((line) => (
                              <UnitsForm
                                key={`${line.id}-${line.outstanding}`}
                                line={line}
                                most={line.outstanding}
                                policy={terms}
                                action="Receive"
                                busy={receive.isPending}
                                onSubmit={(entry) => receive.mutate(entry)}
                              />
                            ))}
                        </>
                      )}
                    </QueryContent>
                  </Card>
                ))}
              </div>
            )
          }
        </QueryContent>
      )}
      <WithoutOrder place={place} />
    </Page>
  );
}
