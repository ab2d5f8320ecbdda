"""Every `type` that Data Factory's API (2018-06-01) knows, for telling a misspelt type from one that is not
emulated. A test keeps these lists equal to the discriminators of azure-mgmt-datafactory 10.0.0.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ACTIVITY_TYPES = _words(
    """
    AppendVariable AzureDataExplorerCommand AzureFunctionActivity AzureMLBatchExecution
    AzureMLExecutePipeline AzureMLUpdateResource Copy Custom DataLakeAnalyticsU-SQL DatabricksJob
    DatabricksNotebook DatabricksSparkJar DatabricksSparkPython Delete ExecuteDataFlow
    ExecutePipeline ExecuteSSISPackage ExecuteWranglingDataflow Fail Filter ForEach GetMetadata
    HDInsightHive HDInsightMapReduce HDInsightPig HDInsightSpark HDInsightStreaming IfCondition
    Lookup Script SetVariable SparkJob SqlServerStoredProcedure Switch SynapseNotebook Until
    Validation Wait WebActivity WebHook
    """
)

LINKED_SERVICE_TYPES = _words(
    """
    AmazonMWS AmazonRdsForOracle AmazonRdsForSqlServer AmazonRedshift AmazonS3 AmazonS3Compatible
    AppFigures Asana AzureBatch AzureBlobFS AzureBlobStorage AzureDataExplorer
    AzureDataLakeAnalytics AzureDataLakeStore AzureDatabricks AzureDatabricksDeltaLake
    AzureFileStorage AzureFunction AzureKeyVault AzureML AzureMLService AzureMariaDB AzureMySql
    AzurePostgreSql AzureSearch AzureSqlDW AzureSqlDatabase AzureSqlMI AzureStorage
    AzureSynapseArtifacts AzureTableStorage Cassandra CommonDataServiceForApps Concur CosmosDb
    CosmosDbMongoDbApi Couchbase CustomDataSource Dataworld Db2 Drill Dynamics DynamicsAX
    DynamicsCrm Eloqua FileServer FtpServer GoogleAdWords GoogleBigQuery GoogleBigQueryV2
    GoogleCloudStorage GoogleSheets Greenplum HBase HDInsight HDInsightOnDemand Hdfs Hive HttpServer
    Hubspot Impala Informix Jira Lakehouse Magento MariaDB Marketo MicrosoftAccess MongoDb
    MongoDbAtlas MongoDbV2 MySql Netezza OData Odbc Office365 Oracle OracleCloudStorage
    OracleServiceCloud Paypal Phoenix PostgreSql PostgreSqlV2 Presto QuickBooks Quickbase Responsys
    RestService Salesforce SalesforceMarketingCloud SalesforceServiceCloud SalesforceServiceCloudV2
    SalesforceV2 SapBW SapCloudForCustomer SapEcc SapHana SapOdp SapOpenHub SapTable ServiceNow
    ServiceNowV2 Sftp SharePointOnlineList Shopify Smartsheet Snowflake SnowflakeV2 Spark SqlServer
    Square Sybase TeamDesk Teradata Twilio Vertica Warehouse Web Xero Zendesk Zoho
    """
)

DATASET_TYPES = _words(
    """
    AmazonMWSObject AmazonRdsForOracleTable AmazonRdsForSqlServerTable AmazonRedshiftTable
    AmazonS3Object Avro AzureBlob AzureBlobFSFile AzureDataExplorerTable AzureDataLakeStoreFile
    AzureDatabricksDeltaLakeDataset AzureMariaDBTable AzureMySqlTable AzurePostgreSqlTable
    AzureSearchIndex AzureSqlDWTable AzureSqlMITable AzureSqlTable AzureTable Binary CassandraTable
    CommonDataServiceForAppsEntity ConcurObject CosmosDbMongoDbApiCollection
    CosmosDbSqlApiCollection CouchbaseTable CustomDataset Db2Table DelimitedText
    DocumentDbCollection DrillTable DynamicsAXResource DynamicsCrmEntity DynamicsEntity EloquaObject
    Excel FileShare GoogleAdWordsObject GoogleBigQueryObject GoogleBigQueryV2Object GreenplumTable
    HBaseObject HiveObject HttpFile HubspotObject Iceberg ImpalaObject InformixTable JiraObject Json
    LakehouseTable MagentoObject MariaDBTable MarketoObject MicrosoftAccessTable
    MongoDbAtlasCollection MongoDbCollection MongoDbV2Collection MySqlTable NetezzaTable
    ODataResource OdbcTable Office365Table OracleServiceCloudObject OracleTable Orc Parquet
    PaypalObject PhoenixObject PostgreSqlTable PostgreSqlV2Table PrestoObject QuickBooksObject
    RelationalTable ResponsysObject RestResource SalesforceMarketingCloudObject SalesforceObject
    SalesforceServiceCloudObject SalesforceServiceCloudV2Object SalesforceV2Object SapBwCube
    SapCloudForCustomerResource SapEccResource SapHanaTable SapOdpResource SapOpenHubTable
    SapTableResource ServiceNowObject ServiceNowV2Object SharePointOnlineListResource ShopifyObject
    SnowflakeTable SnowflakeV2Table SparkObject SqlServerTable SquareObject SybaseTable
    TeradataTable VerticaTable WarehouseTable WebTable XeroObject Xml ZohoObject
    """
)

TRIGGER_TYPES = _words(
    """
    BlobEventsTrigger BlobTrigger ChainingTrigger CustomEventsTrigger RerunTumblingWindowTrigger
    ScheduleTrigger TumblingWindowTrigger
    """
)
