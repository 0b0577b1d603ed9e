import { cloneSimulation, getSimulation, type SimulationRequest, startSimulation } from '@client/sourcing';
import { LeftOutlined, RightOutlined } from '@kit/icons';
import { QueryContent, ProblemNotice } from '@kit/feedback';
import { Page } from '@kit/layout';
import { ExplainedButton } from '@kit/ExplainedButton';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button } from 'antd';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { usePermission } from '@kit/usePermission';
import { ConstraintsStep } from './WizardConstraints';
import { SourcesStep } from './WizardSources';
import { DemandStep, ReviewStep, StrategyStep, TemplateStep } from './WizardSteps';
import '../optimization.css';

export type Draft = Required<
  Pick<SimulationRequest, 'name' | 'description' | 'template' | 'demand' | 'strategy' | 'replenish_days' | 'runs' | 'seed'>
> & {
  changes: SimulationRequest['changes'];
};
export interface StepProps {
  draft: Draft;
  set: (part: Partial<Draft>) => void;
  change: (part: Partial<SimulationRequest['changes']>) => void;
  /** A clone keeps the demand and stock of the original. */
  isClone: boolean;
}

const DAY = 86_400_000;
const day = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);
const noChanges: SimulationRequest['changes'] = {
  closed_sources: [],
  new_sources: [],
  constraints: [],
  demand_multiplier: 1,
  demand_products: [],
  new_products: [],
};

const newDraft = (): Draft => ({
  name: '',
  description: '',
  template: 'source_optimization',
  demand: { kind: 'past', from: day(-13), to: day(0), multiplier: 1 },
  strategy: '',
  changes: noChanges,
  replenish_days: null,
  runs: 20,
  seed: 1,
});

/** Wizard for a new simulation or a clone. */
export default function SimulationWizard() {
  const [params] = useSearchParams();
  const clone = params.get('clone') ?? '';
  const original = useQuery({ queryKey: ['simulations', 'one', clone], queryFn: () => getSimulation(clone), enabled: clone !== '' });
  if (clone === '') return <Wizard initialDraft={newDraft()} clone="" />;
  return (
    <QueryContent query={original} rows={12}>
      {(view) => {
        const { request } = view;
        const initialDraft: Draft = {
          ...newDraft(),
          ...request,
          name: `${request.name}, changed`.slice(0, 200),
          replenish_days: request.replenish_days ?? null,
          changes: { ...noChanges, ...request.changes },
        };
        return <Wizard initialDraft={initialDraft} clone={clone} />;
      }}
    </QueryContent>
  );
}

const steps = ['Template', 'Demand', 'Sources', 'Constraints', 'Strategy', 'Run'] as const;

function validateDraft(draft: Draft): string {
  if (draft.name.trim() === '') return 'Enter a name';
  if (draft.demand.from === '' || draft.demand.to === '') return 'Enter a start and end date';
  if (draft.demand.to < draft.demand.from) return 'The end date must not be before the start date';
  if (draft.changes.new_sources.some((newSource) => newSource.name.trim() === '')) return 'Enter a name for every new source';
  if (draft.changes.new_products.some((newProduct) => newProduct.product.trim() === '' || newProduct.like.trim() === ''))
    return 'Enter a comparable product for every new product';
  return '';
}

function Wizard({ initialDraft, clone }: { initialDraft: Draft; clone: string }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const canWrite = usePermission('sourcing.write');
  const [step, setStep] = useState(0);
  const [draft, setDraft] = useState(initialDraft);
  const set = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }));
  const change = (part: Partial<SimulationRequest['changes']>): void =>
    setDraft((before) => ({ ...before, changes: { ...before.changes, ...part } }));
  const isClone = clone !== '';
  const validationMessage = validateDraft(draft);
  const run = useMutation({
    mutationFn: () => {
      const { name, description, template, changes, replenish_days, runs, seed } = draft;
      return isClone
        ? cloneSimulation(clone, { name, description, template, changes, replenish_days, runs, seed })
        : startSimulation(draft);
    },
    onSuccess: (simulation) => {
      void queryClient.invalidateQueries({ queryKey: ['simulations', 'list'] });
      void navigate(`/simulations/${simulation.id}`);
    },
  });
  const props: StepProps = { draft, set, change, isClone };
  const last = steps.length - 1;
  return (
    <Page
      title={isClone ? 'Clone a simulation' : 'New simulation'}
      breadcrumb={
        <Link className="crumb" to="/simulations">
          <LeftOutlined /> Simulations
        </Link>
      }
      description={
        isClone ? 'Same demand and stock with different changes.' : 'Select what to change. Everything else uses the current configuration.'
      }
    >
      <section className="card">
        <nav className="steps-nav" aria-label="Steps">
          {steps.map((title, index) => (
            <button key={title} type="button" aria-current={index === step ? 'step' : undefined} onClick={() => setStep(index)}>
              {index + 1}. {title}
            </button>
          ))}
        </nav>
        <div className="card-body">
          {step === 0 && <TemplateStep {...props} />}
          {step === 1 && <DemandStep {...props} />}
          {step === 2 && <SourcesStep {...props} />}
          {step === 3 && <ConstraintsStep {...props} />}
          {step === 4 && <StrategyStep {...props} />}
          {step === last && <ReviewStep {...props} />}
          {run.error && <ProblemNotice compact error={run.error} />}
          <div className="row between" style={{ marginTop: 20 }}>
            <ExplainedButton
              icon={<LeftOutlined />}
              allowed={step > 0}
              disabledReason="This is the first step"
              onClick={() => setStep(step - 1)}
            >
              Back
            </ExplainedButton>
            {step < last ? (
              <Button type="primary" icon={<RightOutlined />} iconPlacement="end" onClick={() => setStep(step + 1)}>
                {steps[step + 1]}
              </Button>
            ) : (
              <ExplainedButton
                type="primary"
                allowed={canWrite && validationMessage === ''}
                disabledReason={canWrite ? validationMessage : 'Your role may not run simulations'}
                loading={run.isPending}
                onClick={() => run.mutate()}
              >
                Run {draft.runs} times
              </ExplainedButton>
            )}
          </div>
        </div>
      </section>
    </Page>
  );
}
