import { buttonClass } from '~/components/button';
import { useExtraLinks, type TaskPlace } from '../hooks/tasks';

type Props = { deployment: string; place: TaskPlace };

/** Where the task's operator says that more is to be seen: another dag, a job elsewhere. */
export function ExtraLinks({ deployment, place }: Props) {
  const { data = [] } = useExtraLinks(deployment, place);
  if (data.length === 0) return null;
  return (
    <ul aria-label="Links of the operator" className="mt-2 flex flex-wrap gap-2">
      {data.map(({ name, url }) => (
        <li key={name}>
          <a
            href={url}
            className={buttonClass('outline')}
            {...(url.startsWith('/') ? {} : { target: '_blank', rel: 'noreferrer noopener' })}
          >
            {name}
          </a>
        </li>
      ))}
    </ul>
  );
}
