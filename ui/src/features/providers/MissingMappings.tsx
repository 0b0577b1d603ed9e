import { isAttentionChange } from '@client/attention';
import { useLive } from '@client/live';
import { findProducts } from '@client/inventory';
import { listMissingKeys, type MissingGroup, saveMappings } from '@client/providers';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { Card } from '@kit/layout';
import { humanize } from '@vocabulary';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, AutoComplete, Button } from 'antd';
import { useDeferredValue, useState } from 'react';

/** External values without a mapping. Mapping one replays all messages that need it. */
export function MissingMappings({ onMapped }: { onMapped: () => void }) {
  const queryClient = useQueryClient();
  const groups = useQuery({ queryKey: ['messages', 'unmapped-keys'], queryFn: listMissingKeys });
  useLive((changes) => {
    if (changes.some(isAttentionChange)) void queryClient.invalidateQueries({ queryKey: ['messages', 'unmapped-keys'] });
  }, 3000);
  if (groups.error) return <ProblemNotice error={groups.error} onRetry={() => void groups.refetch()} />;
  if (!groups.data || groups.data.length === 0) return null;
  return (
    <Card title="Missing mappings" extra="Map a value once to replay all messages that need it" flush>
      <ul className="missing">
        {groups.data.map((group) => (
          <MissingMapping key={`${group.instance} ${group.table} ${group.field} ${group.value}`} group={group} onMapped={onMapped} />
        ))}
      </ul>
    </Card>
  );
}

function MissingMapping({ group, onMapped }: { group: MissingGroup; onMapped: () => void }) {
  const { message } = App.useApp();
  const [internal, setInternal] = useState(group.suggestions[0]?.internal ?? '');
  const save = useMutation({
    mutationFn: () =>
      saveMappings([
        {
          table: group.table,
          field: group.field,
          value: group.value,
          internal: internal.trim(),
          scope: 'instance',
          scope_name: group.instance,
        },
      ]),
    onSuccess: (saved) => {
      const refused = saved.results.find((result) => !result.ok);
      if (refused) {
        message.error(refused.reason);
        return;
      }
      message.success(`Mapped. ${formatNumber(saved.replayed)} ${saved.replayed === 1 ? 'message' : 'messages'} replayed`);
      onMapped();
    },
  });
  const waitingLabel = `${formatNumber(group.messages)} ${group.messages === 1 ? 'message waiting' : 'messages waiting'}`;
  return (
    <li>
      <div className="two-line">
        <span>
          {humanize(group.table)} <code className="strong">{group.value}</code>
        </span>
        <span className="muted">
          {waitingLabel} · {group.instance}
        </span>
      </div>
      <InternalChoice group={group} value={internal} onChange={setInternal} />
      <Button type="primary" loading={save.isPending} disabled={internal.trim() === ''} onClick={() => save.mutate()}>
        Map and replay
      </Button>
      {save.error && <ProblemNotice compact error={save.error} />}
    </li>
  );
}

/** Internal value: suggestions, then products found by search. */
function InternalChoice({ group, value, onChange }: { group: MissingGroup; value: string; onChange: (value: string) => void }) {
  const searchText = useDeferredValue(value.trim());
  const isProduct = group.table === 'product';
  const products = useQuery({
    queryKey: ['products', searchText],
    queryFn: () => findProducts(searchText),
    enabled: isProduct && searchText.length > 1,
  });
  const suggestionOptions = group.suggestions.map((suggestion) => ({
    value: suggestion.internal,
    label: <Choice name={suggestion.internal} title={suggestion.label} similarity={`${Math.round(suggestion.score * 100)}% match`} />,
  }));
  const suggestedNames = new Set(group.suggestions.map((item) => item.internal));
  const productOptions = (products.data ?? [])
    .filter((product) => !suggestedNames.has(product.number))
    .map((entry) => ({ value: entry.number, label: <Choice name={entry.number} title={entry.name} /> }));
  return (
    <AutoComplete
      aria-label={`Internal value for ${group.table} ${group.value}`}
      className="missing-choice"
      value={value}
      onChange={onChange}
      options={[...suggestionOptions, ...productOptions]}
      placeholder={`Internal ${group.table.replaceAll('_', ' ')}`}
      popupMatchSelectWidth={360}
    />
  );
}

function Choice({ name, title, similarity }: { name: string; title: string; similarity?: string }) {
  return (
    <span className="choice-row">
      <span className="two-line">
        <span>{name}</span>
        {title !== name && <span className="muted">{title}</span>}
      </span>
      {similarity && <span className="muted">{similarity}</span>}
    </span>
  );
}
