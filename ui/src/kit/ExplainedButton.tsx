import { Button, type ButtonProps, Tooltip } from 'antd';

/** A button that, when disabled, stays focusable and explains why. */
export function ExplainedButton({ allowed, disabledReason, onClick, ...rest }: ButtonProps & { allowed: boolean; disabledReason: string }) {
  if (allowed) return <Button {...rest} onClick={onClick} />;
  return (
    <Tooltip title={disabledReason}>
      <Button
        {...rest}
        danger={false}
        type="default"
        className="refused"
        aria-disabled="true"
        aria-description={disabledReason}
        onClick={(event) => event.preventDefault()}
      />
    </Tooltip>
  );
}
