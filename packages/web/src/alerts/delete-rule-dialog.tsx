import type { AlertRuleBody } from '@pinhole/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { deleteAlertRule } from '../api/alerts.ts';
import { ConfirmDialog, useToast } from '../ui/index.ts';

export function DeleteRuleDialog({ rule, onClose }: { rule: AlertRuleBody; onClose: () => void }) {
  const toast = useToast();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteAlertRule(rule.ruleId),
    onSuccess: () => {
      toast.done(`${rule.ruleName} deleted`);
      void queries.invalidateQueries({ queryKey: ['alert-rules'] });
      void queries.invalidateQueries({ queryKey: ['alerts'] });
      onClose();
    },
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() => remove.mutate()}
      title={`Delete ${rule.ruleName}?`}
      description="Tests are no longer judged by it, and its active alerts end."
      action="Delete"
      busy={remove.isPending}
      error={remove.error?.message}
    />
  );
}
