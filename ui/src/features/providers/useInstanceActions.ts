import { pauseInstance, pollInstance, probeInstance, type ProviderInstance, resumeInstance } from '@client/providers';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { formatNumber } from '@kit/format';

const plural = (count: number, noun: string): string => `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;

/** What can be done with an installed provider; lists that show its state are fetched again. */
export function useInstanceActions(instance: Pick<ProviderInstance, 'name' | 'title'>) {
  const { message } = App.useApp();
  const queryClient = useQueryClient();
  const title = instance.title || instance.name;
  const onSettled = (): void => {
    for (const name of ['provider-instances', 'provider-calls', 'messages', 'attention'])
      void queryClient.invalidateQueries({ queryKey: [name] });
  };
  const probe = useMutation({ mutationFn: () => probeInstance(instance.name), onSettled });
  const poll = useMutation({
    mutationFn: () => pollInstance(instance.name),
    onSuccess: () => message.success(`Polling ${title}`),
    onSettled,
  });
  const pause = useMutation({
    mutationFn: () => pauseInstance(instance.name),
    onSuccess: () => message.success(`${title} is paused`),
    onSettled,
  });
  const resume = useMutation({
    mutationFn: () => resumeInstance(instance.name),
    onSuccess: (resumed) => {
      const waited = [
        ...(resumed.messages > 0 ? [plural(resumed.messages, 'message')] : []),
        ...(resumed.calls > 0 ? [plural(resumed.calls, 'call')] : []),
      ];
      message.success(`${title} resumed${waited.length > 0 ? `. Catching up on ${waited.join(' and ')}` : ''}`);
    },
    onSettled,
  });
  return { probe, poll, pause, resume };
}
