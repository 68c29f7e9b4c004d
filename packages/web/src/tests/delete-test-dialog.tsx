import type { Test } from '@pinhole/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { deleteTest } from '../api/tests.ts';
import { ConfirmDialog, useToast } from '../ui/index.ts';

export function DeleteTestDialog({ test, onClose }: { test: Test; onClose: () => void }) {
  const queries = useQueryClient();
  const toast = useToast();
  const remove = useMutation({
    mutationFn: () => deleteTest(test.testId),
    onSuccess: () => {
      toast.done(`${test.testName} deleted`);
      onClose();
      void queries.invalidateQueries({ queryKey: ['tests'], exact: true });
      void queries.invalidateQueries({ queryKey: ['agents'], exact: true });
    },
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      onConfirm={() => remove.mutate()}
      title={`Delete ${test.testName}?`}
      description="Its results and paths are deleted with it. To keep them, switch the test off instead."
      action="Delete"
      busy={remove.isPending}
      error={remove.error?.message}
    />
  );
}
