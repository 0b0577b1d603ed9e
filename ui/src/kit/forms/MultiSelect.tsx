import { Select, type SelectProps } from 'antd';

/**
 * A choice of several options, whose list stays open until the user leaves it.
 *
 * Tab leaves it like any field; the select of Ant Design would choose the active option.
 */
export function MultiSelect(props: Omit<SelectProps<string[]>, 'mode'>) {
  return (
    <span className="multi-select" onKeyDownCapture={(event) => event.key === 'Tab' && event.stopPropagation()}>
      <Select<string[]> {...props} mode="multiple" />
    </span>
  );
}
