import { isAttentionChange } from '@client/attention';
import { useLive } from '@client/live';
import { listMissingKeys, type MissingGroup } from '@client/providers';
import { ExplainedButton } from '@kit/ExplainedButton';
import { ProblemNotice } from '@kit/feedback';
import { formatNumber } from '@kit/format';
import { Card } from '@kit/layout';
import { usePermission } from '@kit/usePermission';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { MapValueDialog } from './MapValueDialog';
import { tableLabel } from './mappingTables';
import { certaintyLabel } from './RecordChoice';

/** External values without a mapping. Mapping one replays all messages that need it. */
export function MissingMappings({ onMapped }: { onMapped: () => void }) {
  const queryClient = useQueryClient();
  const [open, setOpen] = useState<MissingGroup>();
  const groups = useQuery({ queryKey: ['messages', 'unmapped-keys'], queryFn: listMissingKeys });
  useLive((changes) => {
    if (changes.some(isAttentionChange)) void queryClient.invalidateQueries({ queryKey: ['messages', 'unmapped-keys'] });
  }, 3000);
  const dialog = open && <MapValueDialog group={open} onClose={() => setOpen(undefined)} onMapped={onMapped} />;
  if (groups.error) return <ProblemNotice error={groups.error} onRetry={() => void groups.refetch()} />;
  if (!groups.data || groups.data.length === 0) return dialog ?? null;
  return (
    <Card title="Missing mappings" extra="Map a value once to replay all messages that need it" flush>
      <ul className="missing">
        {groups.data.map((group) => (
          <MissingMapping
            key={`${group.instance} ${group.table} ${group.field} ${group.value}`}
            group={group}
            onOpen={() => setOpen(group)}
          />
        ))}
      </ul>
      {dialog}
    </Card>
  );
}

function MissingMapping({ group, onOpen }: { group: MissingGroup; onOpen: () => void }) {
  const mayMap = usePermission('providers.write');
  const waitingLabel = `${formatNumber(group.messages)} ${group.messages === 1 ? 'message waiting' : 'messages waiting'}`;
  const [closest] = group.suggestions;
  const label = tableLabel(group.table).toLowerCase();
  return (
    <li>
      <div className="two-line">
        <span>
          {tableLabel(group.table)} <code className="strong">{group.value}</code>
        </span>
        <span className="muted">
          {waitingLabel} · {group.instance}
        </span>
      </div>
      <div className="two-line">
        {closest ? (
          <>
            <span>Closest: {closest.internal}</span>
            <span className="muted">{certaintyLabel(closest)}</span>
          </>
        ) : (
          <span className="muted">No {label} is similar</span>
        )}
      </div>
      <ExplainedButton
        allowed={mayMap}
        disabledReason="Your role may not change mappings"
        aria-label={`Choose ${label} for ${group.value}`}
        onClick={onOpen}
      >
        Choose {label}
      </ExplainedButton>
    </li>
  );
}
