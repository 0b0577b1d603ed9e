import { DownloadOutlined } from '../icons';
import { asProblem } from '@client/problem';
import { App, Button } from 'antd';
import { useRef, useState } from 'react';
import { formatNumber } from '../format';
import type { ListColumn } from './columns';
import { exportCsv, saveBlob } from './csv';

interface Props<T> {
  name: string;
  columns: readonly ListColumn<T>[];
  fetch: (page: { after?: string; limit: number }, signal: AbortSignal) => Promise<{ items: T[]; next?: string | null }>;
}

/** Exports all matching rows as CSV; clicking again cancels. */
export function ExportButton<T>({ name, columns, fetch }: Props<T>) {
  const { message } = App.useApp();
  const [rows, setRows] = useState<number>();
  const controllerRef = useRef<AbortController>(null);
  const toggleExport = async (): Promise<void> => {
    if (controllerRef.current) {
      controllerRef.current.abort();
      return;
    }
    const controller = new AbortController();
    controllerRef.current = controller;
    setRows(0);
    try {
      const blob = await exportCsv({ columns, fetch, signal: controller.signal, onProgress: setRows });
      if (!controller.signal.aborted) saveBlob(blob, `${name}-${new Date().toISOString().slice(0, 10)}.csv`);
    } catch (error) {
      if (!controller.signal.aborted) message.error(`The export stopped: ${asProblem(error).what}`);
    } finally {
      controllerRef.current = null;
      setRows(undefined);
    }
  };
  return (
    <Button icon={<DownloadOutlined />} onClick={() => void toggleExport()}>
      {rows === undefined ? 'Export' : `${formatNumber(rows)} rows — stop`}
    </Button>
  );
}
