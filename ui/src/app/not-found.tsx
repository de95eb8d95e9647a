import { Link, useParams } from 'react-router';
import { buttonClass } from '~/components/button';
import { Empty } from '~/components/empty';
import { paths } from './paths';

export function NotFound() {
  const { deployment = 'default' } = useParams();
  return (
    <main>
      <Empty
        heading="h1"
        title="There is no page here"
        action={
          <Link className={buttonClass('solid')} to={paths.dags(deployment)}>
            Go to the dags
          </Link>
        }
      >
        The address may be mistyped, or what it named was deleted.
      </Empty>
    </main>
  );
}
