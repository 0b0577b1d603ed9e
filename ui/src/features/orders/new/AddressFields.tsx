import { TextField } from '@kit/forms/fields';
import type { DraftAddress } from './orderDraft';

const fields: readonly { name: keyof DraftAddress; label: string; autoComplete: string; wide?: boolean; hint?: string }[] = [
  { name: 'name', label: 'Recipient', autoComplete: 'off', wide: true },
  { name: 'line1', label: 'Street', autoComplete: 'off', wide: true },
  { name: 'line2', label: 'Apartment, suite', autoComplete: 'off', wide: true },
  { name: 'city', label: 'City', autoComplete: 'off' },
  { name: 'state', label: 'State', autoComplete: 'off' },
  { name: 'postal_code', label: 'Postal code', autoComplete: 'off' },
  { name: 'country', label: 'Country', autoComplete: 'off', hint: 'Two letters, such as US' },
  { name: 'phone', label: 'Phone', autoComplete: 'off' },
];

/** The fields of a postal address. */
export function AddressFields({
  value,
  errorOf,
  onChange,
}: {
  value: DraftAddress;
  errorOf: (name: keyof DraftAddress, label: string) => string | undefined;
  onChange: (part: Partial<DraftAddress>) => void;
}) {
  return (
    <div className="form">
      {fields.map(({ name, label, ...rest }) => (
        <TextField
          key={name}
          {...rest}
          label={label}
          error={errorOf(name, label)}
          value={value[name]}
          onChange={(next) => onChange({ [name]: name === 'country' ? next.toUpperCase() : next })}
        />
      ))}
    </div>
  );
}
