import { CopyOutlined } from './icons';
import { App, Button } from 'antd';

/** A JSON document with a copy button. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  const { message } = App.useApp();
  const text = JSON.stringify(value ?? null, null, 2);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    message.success('Copied');
  };
  return (
    <div className="json">
      <Button size="small" type="text" icon={<CopyOutlined />} onClick={() => void copy()} aria-label={`Copy ${label}`} />
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
    </div>
  );
}
