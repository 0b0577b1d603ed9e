import { searchAccounts } from '@client/masterData';
import { Field, TextField } from '@kit/forms/fields';
import { useQuery } from '@tanstack/react-query';
import { AutoComplete } from 'antd';
import { useDeferredValue } from 'react';
import type { OrderDraft } from './orderDraft';

/** The customer: an account, which fills in the contact, or a contact only. */
export function CustomerFields({
  draft,
  errorOf,
  onChange,
}: {
  draft: OrderDraft;
  errorOf: (path: string, label: string) => string | undefined;
  onChange: (part: Partial<OrderDraft>) => void;
}) {
  const words = useDeferredValue(draft.account.trim());
  const accounts = useQuery({
    queryKey: ['accounts', words],
    queryFn: () => searchAccounts(words),
    placeholderData: (before) => before,
  });
  const found = accounts.data ?? [];
  const { customer } = draft;
  const set = (part: Partial<OrderDraft['customer']>): void => onChange({ customer: { ...customer, ...part } });
  const choose = (name: string): void => {
    const account = found.find((candidate) => candidate.name === name);
    if (account === undefined) return;
    onChange({
      account: account.name,
      customer: { name: account.title, email: account.email || customer.email, phone: account.phone || customer.phone },
    });
  };
  const accountError = errorOf('account', 'Account');
  return (
    <div className="form">
      <Field wide label="Account" hint="Optional. Choosing one fills in the contact." error={accountError}>
        {(id, described) => (
          <AutoComplete
            {...described}
            id={id}
            status={accountError ? 'error' : undefined}
            placeholder="Account, name or e-mail"
            value={draft.account}
            options={found.map((account) => ({ value: account.name, account }))}
            optionRender={({ data: { account } }) => (
              <span className="two-line">
                <span>{account.title}</span>
                <span className="muted">
                  {account.name}
                  {account.on_hold && ' · on hold'}
                </span>
              </span>
            )}
            onChange={(account: string) => onChange({ account })}
            onSelect={choose}
          />
        )}
      </Field>
      <TextField
        wide
        label="Name"
        autoComplete="off"
        error={errorOf('customer.name', 'Name')}
        value={customer.name}
        onChange={(name) => set({ name })}
      />
      <TextField
        type="email"
        label="E-mail"
        autoComplete="off"
        error={errorOf('customer.email', 'E-mail')}
        value={customer.email}
        onChange={(email) => set({ email })}
      />
      <TextField
        label="Phone"
        autoComplete="off"
        error={errorOf('customer.phone', 'Phone')}
        value={customer.phone}
        onChange={(phone) => set({ phone })}
      />
    </div>
  );
}
