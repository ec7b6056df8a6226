// A place to drop files and folders on, which is also a button to choose them.

import { useId, useState } from 'preact/hooks';
import type { LocalFile } from '../verify/messages';

/** All files of what was dropped, folders with what is in them. */
async function dropped(items: DataTransferItemList): Promise<LocalFile[]> {
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: LocalFile[] = [];
  const walk = async (entry: FileSystemEntry, path: string): Promise<void> => {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ path, file });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const inner of some) await walk(inner, `${path}/${inner.name}`);
    }
  };
  for (const entry of entries) await walk(entry, entry.name);
  return found;
}

export function FileDrop({
  id,
  label,
  accept,
  folder = false,
  multiple = false,
  onFiles,
}: {
  id: string;
  label: string;
  accept?: string;
  folder?: boolean;
  multiple?: boolean;
  onFiles: (files: LocalFile[]) => void;
}) {
  const [over, setOver] = useState(false);
  const hint = useId();
  return (
    <div
      class={`drop ${over ? 'over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer !== null) void dropped(event.dataTransfer.items).then(onFiles);
      }}
    >
      <label for={id}>{label}</label>
      <input
        id={id}
        type="file"
        multiple={multiple || folder}
        aria-describedby={hint}
        {...(accept === undefined ? {} : { accept })}
        {...(folder ? { webkitdirectory: true } : {})}
        onChange={(event) => {
          const chosen = Array.from(event.currentTarget.files ?? [], (file) => ({ path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, file }));
          if (chosen.length > 0) onFiles(chosen);
        }}
      />
      <small id={hint}>It stays on this machine.</small>
    </div>
  );
}
