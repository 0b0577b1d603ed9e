import { Button, type ButtonProps, Tooltip } from 'antd';

/**
 * A button that, when disabled, stays focusable and explains why: to the keyboard and to a tap as well as to the mouse.
 *
 * It is the same element in both cases, so that it keeps the focus when permissions arrive.
 */
export function ExplainedButton({ allowed, disabledReason, onClick, ...rest }: ButtonProps & { allowed: boolean; disabledReason: string }) {
  const refused: ButtonProps = {
    danger: false,
    type: 'default',
    className: 'refused',
    'aria-disabled': 'true',
    'aria-description': disabledReason,
    onClick: (event) => event.preventDefault(),
  };
  return (
    <Tooltip title={allowed ? undefined : disabledReason} trigger={['hover', 'focus', 'click']}>
      <Button {...rest} onClick={onClick} {...(allowed ? {} : refused)} />
    </Tooltip>
  );
}
