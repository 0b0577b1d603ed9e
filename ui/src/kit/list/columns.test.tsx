import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { renderRoutes } from '@tests/harness';
import { type ListColumn, useColumns } from './columns';

const columns: readonly ListColumn<object>[] = [
  { id: 'name', title: 'Name', alwaysShown: true, cell: () => '' },
  { id: 'units', title: 'Units', cell: () => '' },
  { id: 'note', title: 'Note', hiddenByDefault: true, cell: () => '' },
];
const renderElement = (element: React.ReactElement) => renderRoutes([{ path: '/', element }], '/');

describe('column visibility', () => {
  function Columns() {
    const { visibleColumns, columnChooser } = useColumns('test', columns);
    return (
      <>
        <p>{visibleColumns.map((column) => column.title).join(', ')}</p>
        {columnChooser}
      </>
    );
  }

  test('is changed by the user and stored on the device', async () => {
    renderElement(<Columns />);
    expect(screen.getByText('Name, Units')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Choose columns' }));
    expect(await screen.findByRole('checkbox', { name: 'Name' })).toBeDisabled();
    await userEvent.click(screen.getByRole('checkbox', { name: 'Note' }));
    await userEvent.click(screen.getByRole('checkbox', { name: 'Units' }));
    expect(screen.getByText('Name, Note')).toBeVisible();
    expect(JSON.parse(localStorage.getItem('openiom.columns.test') ?? '')).toEqual({ note: true, units: false });
  });

  test('the chooser is used by keyboard and has the row density', async () => {
    renderElement(<Columns />);
    const button = screen.getByRole('button', { name: 'Choose columns' });
    button.focus();
    await userEvent.keyboard('{Enter}');
    await waitFor(() => expect(screen.getByRole('checkbox', { name: 'Units' })).toHaveFocus());
    await userEvent.click(screen.getByRole('radio', { name: 'Compact' }));
    expect(document.documentElement).toHaveAttribute('data-density', 'compact');
    await userEvent.click(screen.getByRole('radio', { name: 'Comfortable' }));
    await userEvent.keyboard('{Escape}');
    await waitFor(() => expect(button).toHaveFocus());
  });

  test('is restored from the device', () => {
    localStorage.setItem('openiom.columns.test', '{"note":true}');
    renderElement(<Columns />);
    expect(screen.getByText('Name, Units, Note')).toBeVisible();
  });
});
